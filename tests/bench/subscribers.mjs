// A player from every county at once: what the relay costs with nobody there,
// how soon each has media, what memory each takes beyond the log, and whether
// all of them get all of it.
//   node tests/bench/subscribers.mjs [--players 2895] [--minutes 5]
// Server on core 0, load on the others. Exits 1 when a bound of issue 3's line 8 does not hold.
import { join } from 'node:path';
import { makeFile, publish } from '../support/media.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { pause, until } from '../support/wait.mjs';
import { measured, median, option, rtmpLoad } from './measure.mjs';
import { startOurs, usage } from './peers.mjs';

const players = option('players', 2895), minutes = option('minutes', 5);
const kIdleS = 30, kKeepS = 10, kFew = 50;
const kIdle = 0.002, kJoinS = 0.005, kEach = 4096, kDelivered = 0.995;
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;
const say = (holds, text) => { console.log(`${holds ? 'holds   ' : 'NOT HELD'}  ${text}`); if (!holds) faults++; };
const kb = (bytes) => (bytes / 1024).toFixed(1);

try {
  const server = await startOurs(scope, `[stream_defaults]\nkeep_seconds = ${kKeepS}\n`);
  await pause(3000);
  const begin = usage(server.pids);
  await pause(kIdleS * 1000);
  const idle = (usage(server.pids).cpu - begin.cpu) / kIdleS;
  say(idle < kIdle, `idle, no stream: ${(idle * 100).toFixed(2)} % of a core (< ${kIdle * 100} %)`);

  publish(scope, 'ffmpeg -c copy', server.publishUrl, await makeFile(scope, join(temporaryFolder(), 'lesson.mp4'), 30));
  await server.relay.untilMedia('main', server.token);
  // Until log, segments and their window are as large as they become.
  await until('the window is full', async () => ((await server.relay.playlist('main', server.token)).match(/#EXTINF/g).length >= 30), 90, 1000);
  await pause(60_000);

  const joins = [];
  for (let k = 0; k < 5; k++) joins.push((await measured(scope, server, [rtmpLoad(server, kFew)], 2)).results[0].join);
  const p95 = median(joins.map((j) => j.p95));
  say(joins.every((j) => j.count === kFew) && p95 <= kJoinS, `first media after play, ${kFew} players that come one by one, 5 times: p50 ${(median(joins.map((j) => j.p50)) * 1e3).toFixed(2)} ms, p95 ${(p95 * 1e3).toFixed(2)} ms, max ${(Math.max(...joins.map((j) => j.max)) * 1e3).toFixed(1)} ms (p95 <= ${kJoinS * 1e3} ms)`);

  const before = usage(server.pids).rss;
  const { results: [result], cost, peak } = await measured(scope, server, [rtmpLoad(server, players)], minutes * 60);
  say(peak - before <= players * kEach, `memory a subscriber: ${kb((peak - before) / players)} KB (RSS ${(before / 1e6).toFixed(0)} MB before, ${(peak / 1e6).toFixed(0)} MB at most with ${players}; <= ${kEach / 1024} KB)`);
  say(result.bytes_min / result.bytes_max >= kDelivered && result.alive === players, `${players} players for ${result.seconds.toFixed(0)} s: who got least got ${(result.bytes_min / result.bytes_max).toFixed(4)} of who got most (>= ${kDelivered}), ${players - result.alive} dropped; gaps p99 ${result.gap_p99_s} s, max ${result.gap_max_s} s; ${cost.toFixed(2)} CPU-s/GB`);
  const skipped = Number((await (await fetch(`${server.relay.http}/metrics`)).text()).match(/tongke_subscriber_skips_total\S* (\d+)/)?.[1] ?? 0);
  say(skipped === 0, `${skipped} players were moved to a newer keyframe`);
} catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
