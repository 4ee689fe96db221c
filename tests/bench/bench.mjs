// Fan-out cost side by side in one run: CPU-seconds of the server per GB that
// reached the players. Loopback, server on core 0, load on the others.
//   node tests/bench/bench.mjs [--players 500] [--hls 200] [--seconds 20] [--runs 3]
// Prints a table and exits 1 when a player was dropped or starved.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../support/demo.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { Child, program } from '../support/process.mjs';
import { pause, until } from '../support/wait.mjs';
import { startNginx, startOurs, usage } from './peers.mjs';

const option = (name, fallback) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? fallback : Number(process.argv[at + 1]); };
const players = option('players', 500), hlsPlayers = option('hls', 200), seconds = option('seconds', 20), runs = option('runs', 3);
const ends = [];
const scope = { after: (action) => ends.push(action) };
const loadCore = cpus().length > 1 ? ['taskset', ['-c', `1-${cpus().length - 1}`]] : ['env', []];
let faults = 0;

async function measured(server, command, args) {
  const child = new Child(scope, loadCore[0], [...loadCore[1], program(command), ...args]);
  await until(`${command} has warmed up`, () => child.stderr.includes('measuring') || child.result, 60);
  const before = usage(server.pids), begin = Date.now();
  const memory = [];
  const watch = setInterval(() => memory.push(usage(server.pids).rss), 1000);
  await child.ended;
  clearInterval(watch);
  const after = usage(server.pids);
  if (!child.stdout) throw new Error(`${command}: ${child.stderr}`);
  const result = JSON.parse(child.stdout);
  const half = Math.floor(memory.length / 2), mean = (part) => part.reduce((a, b) => a + b, 0) / part.length;
  return { ...result, cost: (after.cpu - before.cpu) / (result.bytes / 1e9), cores: (after.cpu - before.cpu) / ((Date.now() - begin) / 1000), rss: after.rss, growth: mean(memory.slice(half)) / mean(memory.slice(0, half)) - 1 };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function rtmpRound(server) {
  const result = await measured(server, 'rtmp_load', ['--port', String(server.port), '--path', server.path, '--players', String(players), '--seconds', String(seconds), '--warmup', '8']);
  if (result.alive < players || (server.httpPort && result.gap_max_s > 1)) faults++;
  return result;
}

async function main() {
  const dir = temporaryFolder();
  const file = await makeFile(scope, join(dir, 'lesson.mp4'), 30);
  const servers = [await startOurs(scope), await startNginx(scope, dir), await startNginx(scope, dir, { chunkSize: 60000 })];
  for (const server of servers) publish(scope, 'ffmpeg -c copy', server.publishUrl, file);
  await servers[0].relay.untilMedia('main', servers[0].token);
  await pause(3000);

  const rows = servers.map(() => []);
  for (let i = 0; i < runs; i++) for (const [k, server] of servers.entries()) rows[k].push(await rtmpRound(server));
  console.log(`\nRTMP, ${players} players, ${seconds} s, ${runs} runs in turn`);
  console.log('server                          CPU-s/GB (min median max)   Mbit/s each   gap p99 / max s   dropped   RSS MB   RSS 2nd half');
  for (const [k, server] of servers.entries()) {
    const costs = rows[k].map((r) => r.cost), last = rows[k].at(-1);
    console.log(`${server.name.padEnd(30)}  ${Math.min(...costs).toFixed(2)}  ${median(costs).toFixed(2)}  ${Math.max(...costs).toFixed(2)}            `
      + `${(last.bytes * 8 / last.seconds / players / 1e6).toFixed(2)}          ${median(rows[k].map((r) => r.gap_p99_s)).toFixed(3)} / ${Math.max(...rows[k].map((r) => r.gap_max_s)).toFixed(3)}     `
      + `${players - Math.min(...rows[k].map((r) => r.alive))}         ${(last.rss / 1e6).toFixed(0)}       ${(last.growth * 100).toFixed(1)} %`);
  }

  const ours = servers[0];
  const hls = [];
  for (let i = 0; i < runs; i++)
    hls.push(await measured(ours, 'hls_load', ['--port', String(ours.httpPort), '--playlist', '/hls/main/live.m3u8', '--bearer', ours.token, '--players', String(hlsPlayers), '--seconds', String(seconds), '--warmup', '6']));
  if (hls.some((r) => r.errors || r.dropped || r.later_than_1s)) faults++;
  console.log(`\nHLS, ${hlsPlayers} keep-alive players, ${seconds} s, ${runs} runs: ${median(hls.map((r) => r.cost)).toFixed(2)} CPU-s/GB; fetch p50 ${(median(hls.map((r) => r.fetch_p50_s)) * 1e3).toFixed(1)} ms, p99 ${(median(hls.map((r) => r.fetch_p99_s)) * 1e3).toFixed(1)} ms; `
    + `${hls.at(-1).segments} segments in the last run, ${hls.reduce((n, r) => n + r.later_than_1s, 0)} later than 1 s, ${hls.reduce((n, r) => n + r.errors, 0)} errors`);
}

try { await main(); } catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
