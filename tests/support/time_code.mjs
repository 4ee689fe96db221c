// The relay's test channel in tests: its debug window, and the time code of the
// pictures that a player decodes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { load } from '../pages/load.mjs';

const { readTimeCode } = await load('common/ui/time_code');

/** One debug window in the relay's schedule; nothing else. */
export async function debugWindow(relay, beginMs, endMs) {
  const file = join(relay.dir, 'schedule.json');
  const slot = { id: 'd', kind: 'debug', title: '直播调试', begin: new Date(beginMs).toISOString(), end: new Date(endMs).toISOString(), rooms: [] };
  writeFileSync(file, JSON.stringify({ schedule: [slot] }));
  const answer = await relay.cli('schedule', 'import', file);
  assert.equal(answer.code, 0, answer.stderr);
}

/** ffmpeg's words for the strip of each picture that has the code, as raw bytes on its output. */
export const codeStrip = (width, height) => ['-an', '-fps_mode', 'passthrough', '-vf', `crop=${width}:${Math.floor(height / 10)}:0:0`, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];

/** Takes that output piece by piece; `see(code)` is called for each picture, with null where there is no code. */
export function codeReader(width, height, see) {
  const size = width * Math.floor(height / 10);
  let pending = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
    let at = 0;
    for (; at + size <= pending.length; at += size) see(readTimeCode({ data: pending.subarray(at, at + size), width, height, step: 1 }));
    pending = pending.subarray(at);
  };
}
