// What a process holds: memory, segments in memory files included, and files.
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';

function descriptors(pid) {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try { return [{ path: `${folder}/${name}`, target: readlinkSync(`${folder}/${name}`) }]; } catch { return []; }  // closed meanwhile
  });
}
const inMemory = ({ target }) => target.startsWith('/memfd:');

/** Resident bytes. A memory file that is written and sent, but not read through its mapping, is not in VmRSS. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8'), kb = (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]);
  let files = 0;
  for (const each of descriptors(pid).filter(inMemory)) {
    try { files += statSync(each.path).blocks * 512; } catch { /* closed meanwhile */ }
  }
  return (kb('VmRSS') - kb('RssShmem')) * 1024 + files;
}

/** Open descriptors that are no memory files: of those there are as many as a window has segments. */
export const openFiles = (pid) => descriptors(pid).filter((each) => !inMemory(each)).length;
