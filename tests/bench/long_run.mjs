// A lesson of half an hour, in real time, from a timestamp shortly before RTMP's
// 24 bits end: no gap, EXTINF and PROGRAM-DATE-TIME stay together, and so do
// picture and sound.
//   node tests/bench/long_run.mjs [--minutes 30]
// Prints a line each five minutes; exits 1 when something does not hold.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFile } from '../support/media.mjs';
import { parsePlaylist } from '../support/playlist.mjs';
import { Child, program, run } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause } from '../support/wait.mjs';
import { option } from './measure.mjs';

const minutes = option('minutes', 30), kStart = 0x00ff0000;
const ends = [], faults = [];
const scope = { after: (action) => ends.push(action) };
const expect = (holds, what) => { if (!holds) { faults.push(what); console.error(what); } };

/** By how much the sound of a segment begins after its picture, in seconds. */
async function skew(relay, token, uri) {
  const get = async (path) => Buffer.from(await (await fetch(`${relay.http}/hls/main/${path}`, { headers: { authorization: `Bearer ${token}` } })).arrayBuffer());
  const map = (await relay.playlist('main', token)).match(/#EXT-X-MAP:URI="([^"]+)"/)[1];
  const path = join(relay.dir, 'one.mp4');
  writeFileSync(path, Buffer.concat([await get(map), await get(uri)]));
  const probe = await run(scope, 'ffprobe', ['-v', 'error', '-show_entries', 'packet=codec_type,pts_time', '-of', 'csv=p=0', path]);
  const first = (kind) => Math.min(...probe.stdout.trim().split('\n').map((line) => line.split(',')).filter(([type]) => type === kind).map(([, at]) => Number(at)));
  return first('audio') - first('video');
}

try {
  const relay = await startRelay(scope, ['main']), token = await relay.token('main', 'long');
  // As long as the run: a file that is played over and over has more sound than picture each time.
  const flv = await makeFile(scope, join(relay.dir, 'lesson.flv'), minutes * 60 + 60);
  const publisher = new Child(scope, program('tongke-test-publisher'), ['--url', relay.publishUrl('main'), '--file', flv, '--start-timestamp', String(kStart)]);
  await relay.untilMedia('main', token, { segments: 3 });
  const seen = new Map(), skews = [];
  const end = Date.now() + minutes * 60_000;
  for (let next = Date.now(), k = 0; Date.now() < end; await pause(5000)) {
    for (const segment of parsePlaylist(await relay.playlist('main', token)).segments) seen.set(segment.msn, segment);
    if (Date.now() < next && Date.now() + 6000 < end) continue;
    next += 300_000;
    skews.push(await skew(relay, token, [...seen.values()].at(-1).uri));
    const all = [...seen.values()], length = all.slice(0, -1).reduce((sum, s) => sum + s.duration, 0);
    const drift = (all.at(-1).pdt - all[0].pdt) / 1000 - length;
    console.log(`${5 * k++} min: ${all.length} segments, EXTINF off PROGRAM-DATE-TIME by ${(drift * 1000).toFixed(1)} ms, sound after picture by ${(skews.at(-1) * 1000).toFixed(1)} ms`);
  }
  const all = [...seen.values()].sort((a, b) => a.msn - b.msn);
  expect(all.every((s, i) => i === 0 || s.msn === all[i - 1].msn + 1), 'a MEDIA-SEQUENCE number is missing');
  expect(all.every((s) => !s.discontinuity), 'a DISCONTINUITY');
  const length = all.slice(0, -1).reduce((sum, s) => sum + s.duration, 0), drift = Math.abs((all.at(-1).pdt - all[0].pdt) / 1000 - length);
  expect(drift * 1000 < Math.max(1, length / 60), `EXTINF and PROGRAM-DATE-TIME are ${drift * 1000} ms apart after ${length} s`);
  const change = Math.max(...skews) - Math.min(...skews);
  expect(change < 0.04, `sound moved against the picture by ${change} s`);
  expect(length > minutes * 60 - 20, `only ${length} s came`);
  expect(!publisher.result, `the publisher ended: ${publisher.stderr}`);
  console.log(`${all.length} segments, ${length.toFixed(1)} s of media from ${kStart} ms: EXTINF against PROGRAM-DATE-TIME ${(drift * 1000).toFixed(2)} ms, sound against picture moved by ${(change * 1000).toFixed(1)} ms, no gap, ${faults.length} faults`);
} catch (error) { faults.push(error.message); console.error(error); }
for (const action of ends.reverse()) await action();
process.exit(faults.length ? 1 : 0);
