// Elementary payloads as a list of hashes, one a packet, by ffmpeg's own
// demuxers: what was published against what arrived.
import { run } from './process.mjs';

/** `track`: "v" or "a". Decoder configuration is not part of it. */
export async function packetHashes(file, track) {
  const end = await run(null, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', '-i', file, '-map', `0:${track}`, '-c', 'copy', '-f', 'framehash', '-hash', 'sha256', '-']);
  if (end.code !== 0) throw new Error(end.stderr);
  return end.stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',')[5].trim());  // side data may follow the hash
}

/** Where `part` stands in `whole` as one unbroken run; throws where it breaks. */
export function assertUnbroken(part, whole, what) {
  const begin = whole.indexOf(part[0]);
  if (begin < 0) throw new Error(`${what}: the first packet is not one that was published`);
  for (let i = 0; i < part.length; i++)
    if (part[i] !== whole[begin + i]) {
      const at = whole.indexOf(part[i]);
      throw new Error(`${what}: packet ${i} should be published packet ${begin + i}, is ${at < 0 ? 'none of them' : at}`);
    }
  return { begin, count: part.length };
}
