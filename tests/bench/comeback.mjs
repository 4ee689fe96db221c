// All nodes of a nation come back after a restart of the relay (kill -9): with
// the window that it tells them no accept queue overflows, and all have media
// within 10 s of the publisher's return.
//   node tests/bench/comeback.mjs [--players 2895] [--runs 3]
// Prints a table; exits 1 when that does not hold.
import { join } from 'node:path';
import { cpus } from 'node:os';
import { makeFile } from '../support/media.mjs';
import { startRelay } from '../support/relay.mjs';
import { firstMedia, keepPublishing, killUnderLoad } from '../support/restart.mjs';
import { option } from './measure.mjs';

const players = option('players', 2895), runs = option('runs', 3);
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;

try {
  const relay = await startRelay(scope, ['main']), token = await relay.token('main', 'load');
  keepPublishing(scope, relay.publishUrl('main'), await makeFile(scope, join(relay.dir, 'lesson.mp4'), 20));
  await relay.untilMedia('main', token, { segments: 3 });
  for (let run = 1; run <= runs; run++) {
    const prefix = cpus().length > 1 ? ['taskset', '-c', `1-${cpus().length - 1}`] : [];
    const load = ['rtmp_load', '--port', String(relay.rtmpPort), '--path', `live/main?token=${token}`, '--players', String(players)];
    const { results: [result], overflows } = await killUnderLoad(scope, relay, [load], { warmup: 20, seconds: 30, prefix });
    console.log(`run ${run}: ${firstMedia(result)}; accept queue overflows ${overflows}; connections lost or refused on the way ${result.losses}`);
    if (overflows || result.waiting || result.first_media.count < players || result.first_media.max > 10) faults++;
  }
} catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
