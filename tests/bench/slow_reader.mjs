// One reader on a line of 50 kbit/s among 500: what is kept for it stays within
// the stated bound, and the others do not notice.
//   node tests/bench/slow_reader.mjs [--players 500] [--seconds 20] [--runs 5]
// Prints the others' gaps (the time between two reads) with it and without it in
// turn; exits 1 when the ratio of the medians of the 99th percentile of all gaps
// is above 1.1, or the bound does not hold. Of each reader's longest gap there is
// one a run, which is whatever the machine did worst: printed, and not judged.
import { join } from 'node:path';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { Child, program } from '../support/process.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { measured, median, option, range, rtmpLoad } from './measure.mjs';
import { startOurs } from './peers.mjs';

const players = option('players', 500), seconds = option('seconds', 20), runs = option('runs', 5);
const kBound = 8 << 20, kLine = 50e3;
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;

try {
  const server = await startOurs(scope);
  publish(scope, 'ffmpeg -c copy', server.publishUrl, await makeFile(scope, join(temporaryFolder(), 'lesson.mp4'), 30));
  await server.relay.untilMedia('main', server.token);
  const proxy = await new FaultProxy('127.0.0.1', server.port).listen();
  ends.push(() => proxy.close());
  proxy.limit(kLine);
  const operator = await server.relay.operator();
  const slowToken = await server.relay.token('main', 'slow-county');
  const gaps = { alone: [], beside: [] }, longest = { alone: [], beside: [] };
  let most = 0, skipped = 0;
  for (let run = 0; run < runs; run++) {
    for (const kind of ['alone', 'beside']) {
      const slow = kind === 'beside' ? new Child(null, program('rtmp_load'), ['--port', String(proxy.port), '--path', `live/main?token=${slowToken}`, '--players', '1', '--warmup', '1', '--seconds', String(seconds + 20)]) : null;
      const watch = setInterval(async () => {
        const { body } = await operator.json('/api/v1/streams/main/subscribers');
        for (const each of body.subscribers) if (each.node === 'slow-county') { most = Math.max(most, each.unsent_bytes); skipped = Math.max(skipped, each.skipped_frames); }
      }, 1000);
      const { results: [result] } = await measured(scope, server, [rtmpLoad(server, players)], seconds);
      clearInterval(watch);
      await slow?.stop();
      gaps[kind].push(result.gap_each_p99_s);
      longest[kind].push(result.gap_p99_s);
      if (result.alive < players) faults++;
    }
    console.error(`run ${run + 1} of ${runs} done`);
  }
  const ratio = median(gaps.beside) / median(gaps.alone);
  console.log(`${players} readers, alone and beside one at ${kLine / 1000} kbit/s (min median max of ${runs} runs, seconds):`);
  console.log(`  99th percentile of all gaps: ${range(gaps.alone, 4)}, beside ${range(gaps.beside, 4)}; ratio of the medians ${ratio.toFixed(2)}`);
  console.log(`  of each reader's longest:    ${range(longest.alone, 3)}, beside ${range(longest.beside, 3)}; ${(median(longest.beside) / median(longest.alone)).toFixed(2)}`);
  console.log(`kept unsent for the slow one: ${(most / (1 << 20)).toFixed(2)} MiB at most (bound ${kBound >> 20} MiB of the log and 0.5 MiB in the kernel); ${skipped} frames left out`);
  if (ratio > 1.1 || most > kBound + (1 << 19) || most === 0) faults++;
} catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
