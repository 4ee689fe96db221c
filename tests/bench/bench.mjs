// Fan-out cost side by side in one run: CPU-seconds of the server per GB that
// reached the players. Loopback, server on core 0, load on the others. In
// turn RTMP at each server and both at once at ours, then HLS alone.
//   node tests/bench/bench.mjs [--players 500] [--hls 200] [--seconds 20] [--runs 3]
// Prints tables and exits 1 when a player of ours was dropped or starved, or
// (60 s or more) resident memory of the second half is 2 % off the first's.
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { pause } from '../support/wait.mjs';
import { hlsLoad, measured, median, option, range, rtmpLoad } from './measure.mjs';
import { startNginx, startOurs } from './peers.mjs';

const players = option('players', 500), hlsPlayers = option('hls', 200), seconds = option('seconds', 20), runs = option('runs', 3);
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;

/** One measured stretch; ours may not grow meanwhile. */
async function stretch(server, loads) {
  const round = await measured(scope, server, loads, seconds);
  if (server.ours && seconds >= 60 && Math.abs(round.growth) > 0.02) faults++;
  return round;
}

const kLogFills = 150_000;  // ms: keep_seconds (120) and a margin; until then memory grows by what is kept
const percent = (x) => `${x < 0 ? '' : '+'}${(x * 100).toFixed(1)} %`;
const widest = (rounds) => rounds.reduce((a, b) => (Math.abs(b.growth) > Math.abs(a) ? b.growth : a), 0);
const rtmpBad = (r) => r.alive < players || r.gap_max_s > 1;
const hlsBad = (r) => r.errors || r.dropped || r.later_than_1s;

function printRtmp(servers, rows) {
  console.log(`\nRTMP, ${players} players, ${seconds} s, ${runs} runs in turn`);
  console.log('server                          CPU-s/GB (min median max)   Mbit/s each   gap p99 / max s   dropped   RSS MB   RSS 2nd half, widest');
  for (const [k, server] of servers.entries()) {
    const last = rows[k].at(-1), results = rows[k].map((round) => round.results[0]);
    console.log(`${server.name.padEnd(30)}  ${range(rows[k].map((round) => round.cost))}            `
      + `${(last.results[0].bytes * 8 / last.results[0].seconds / players / 1e6).toFixed(2)}          ${median(results.map((r) => r.gap_p99_s)).toFixed(3)} / ${Math.max(...results.map((r) => r.gap_max_s)).toFixed(3)}     `
      + `${players - Math.min(...results.map((r) => r.alive))}         ${(last.rss / 1e6).toFixed(0)}       ${percent(widest(rows[k]))}`);
  }
  const ratio = (k) => rows[0].map((round, i) => round.cost / rows[k][i].cost);
  for (const [k, server] of servers.entries()) if (k) console.log(`ours / ${server.name}: ${range(ratio(k))} (min median max of the runs)`);
}

function hlsLine(results) {
  const sum = (what) => results.reduce((n, r) => n + r[what], 0);
  return `fetch p50 ${(median(results.map((r) => r.fetch_p50_s)) * 1e3).toFixed(1)} ms, p99 ${(median(results.map((r) => r.fetch_p99_s)) * 1e3).toFixed(1)} ms; ${sum('segments')} segments, ${sum('later_than_1s')} fetched later than 1 s after they were listed, ${sum('errors')} errors, ${sum('dropped')} dropped`;
}

function printBoth(both) {
  const rtmp = both.map((round) => round.results[0]);
  console.log(`\n${players} RTMP and ${hlsPlayers} HLS players at once, ${seconds} s, ${runs} runs: ${range(both.map((round) => round.cost))} CPU-s/GB of both; RTMP gap p99 ${median(rtmp.map((r) => r.gap_p99_s)).toFixed(3)} s, longest ${Math.max(...rtmp.map((r) => r.gap_max_s)).toFixed(3)} s, ${players - Math.min(...rtmp.map((r) => r.alive))} dropped; `
    + `HLS ${hlsLine(both.map((round) => round.results[1]))}; RSS ${(both.at(-1).rss / 1e6).toFixed(0)} MB, 2nd half, widest: ${percent(widest(both))}`);
}

async function main() {
  const dir = temporaryFolder();
  const file = await makeFile(scope, join(dir, 'lesson.mp4'), 30);
  const servers = [{ ...await startOurs(scope), ours: true }, await startNginx(scope, dir), await startNginx(scope, dir, { chunkSize: 60000 })];
  const ours = servers[0];
  for (const server of servers) publish(scope, 'ffmpeg -c copy', server.publishUrl, file);
  await ours.relay.untilMedia('main', ours.token);
  await pause(seconds >= 60 ? kLogFills : 3000);
  const progress = (what, i) => console.error(`${what}: run ${i + 1} of ${runs} done`);

  const rows = servers.map(() => []), both = [], hls = [];
  for (let i = 0; i < runs; i++) {
    for (const [k, server] of servers.entries()) rows[k].push(await stretch(server, [rtmpLoad(server, players)]));
    both.push(await stretch(ours, [rtmpLoad(ours, players), hlsLoad(ours, hlsPlayers)]));
    progress('RTMP, and with HLS', i);
  }
  faults += rows[0].filter((round) => rtmpBad(round.results[0])).length + both.filter(({ results: [rtmp, http] }) => rtmpBad(rtmp) || hlsBad(http)).length;
  printRtmp(servers, rows);
  printBoth(both);

  for (let i = 0; i < runs; i++) {
    hls.push(await stretch(ours, [hlsLoad(ours, hlsPlayers)]));
    progress('HLS alone', i);
  }
  faults += hls.filter((round) => hlsBad(round.results[0])).length;
  console.log(`\nHLS, ${hlsPlayers} keep-alive players, ${seconds} s, ${runs} runs: ${range(hls.map((round) => round.cost))} CPU-s/GB; ${hlsLine(hls.map((round) => round.results[0]))}; RSS 2nd half, widest: ${percent(widest(hls))}`);
}

try { await main(); } catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
