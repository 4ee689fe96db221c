// What fan-out over RTMP costs: ours, a program that does nothing but a send of the
// same bytes to each socket (tests/bench/floor.cpp), and nginx with its RTMP module, in turn in one run, at two latencies.
//   node tests/bench/fanout.mjs [--players 500] [--seconds 20] [--runs 5] [--latency 0|100] [--mtu 1500] [--nginx 0] [--paths 1]
// --latency takes one of the two latencies only; --mtu runs in a network namespace
// whose loopback has that MTU (root; segments stay as large as the kernel's offload makes them); --nginx 0 leaves nginx out; with --paths ours is
// measured without io_uring too, and the floor with sendfile and with io_uring.
// Server on core 0, load on the others. Prints a table; exits 1 when a player
// of ours was dropped or starved.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { run } from '../support/process.mjs';
import { pause } from '../support/wait.mjs';
import { measured, median, option, range, rtmpLoad } from './measure.mjs';
import { startFloor, startNginx, startOurs } from './peers.mjs';

const players = option('players', 500), seconds = option('seconds', 20), runs = option('runs', 5), paths = option('paths', 0);
const mtu = option('mtu', 0), latencies = [0, 100].filter((ms) => option('latency', ms) === ms), withNginx = option('nginx', 1);
if (latencies.length === 0) throw new Error('--latency is 0 or 100');
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;

async function main() {
  const dir = temporaryFolder();
  const file = await makeFile(scope, join(dir, 'lesson.mp4'), 30), flv = join(dir, 'lesson.flv');
  const made = await run(scope, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', '-i', file, '-c', 'copy', flv]);
  if (made.code !== 0) throw new Error(made.stderr);
  const at = async (mergeMs, rtmp = '') => ({ ...await startOurs(scope, mergeMs ? `[stream_defaults]\nmerge_ms = ${mergeMs}\n` : '', { rtmp }), name: `tongke-relay, ${mergeMs ? `merge_ms ${mergeMs}` : 'a send a frame'}${rtmp && `, ${rtmp}`}`, ours: true });
  const servers = [], pairs = [];
  // Each of ours stands before the floor it is compared with.
  for (const mergeMs of latencies) {
    pairs.push([servers.length, servers.length + 1]);
    servers.push(await at(mergeMs), await startFloor(scope, flv, { mergeMs }));
  }
  for (const chunkSize of withNginx ? [undefined, 60000] : []) {
    pairs.push(...latencies.map((_, i) => [2 * i, servers.length]));
    servers.push(await startNginx(scope, dir, { chunkSize }));
  }
  for (const [k, mergeMs] of paths ? latencies.entries() : []) {
    pairs.push([servers.length, 2 * k], [servers.length, 2 * k + 1], [servers.length + 1, 2 * k + 1], [servers.length + 2, 2 * k + 1]);
    servers.push(await at(mergeMs, 'io_uring = false'), await startFloor(scope, flv, { mergeMs, how: 'sendfile' }), await startFloor(scope, flv, { mergeMs, how: 'io_uring' }));
  }
  for (const server of servers) if (server.publishUrl) publish(scope, 'ffmpeg -c copy', server.publishUrl, file);
  await pause(5000);

  const rows = servers.map(() => []);
  for (let i = 0; i < runs; i++) {
    for (const [k, server] of servers.entries()) {
      const round = await measured(scope, server, [rtmpLoad(server, players)], seconds);
      rows[k].push(round);
      if (server.ours && (round.results[0].alive < players || round.results[0].gap_max_s > 1)) faults++;
    }
    console.error(`run ${i + 1} of ${runs} done`);
  }

  console.log(`\nRTMP, ${players} players, ${mtu ? `MTU ${mtu}, ` : ''}${seconds} s, ${runs} runs in turn; CPU-s/GB and ratios as min median max of the runs`);
  console.log('server                                          CPU-s/GB           Mbit/s each   gap p99 / max s   dropped   RSS MB');
  for (const [k, server] of servers.entries()) {
    const results = rows[k].map((round) => round.results[0]), last = rows[k].at(-1);
    console.log(`${server.name.padEnd(46)}  ${range(rows[k].map((round) => round.cost))}   ${(last.results[0].bytes * 8 / last.results[0].seconds / players / 1e6).toFixed(2)}          `
      + `${median(results.map((r) => r.gap_p99_s)).toFixed(3)} / ${Math.max(...results.map((r) => r.gap_max_s)).toFixed(3)}     ${players - Math.min(...results.map((r) => r.alive))}         ${(last.rss / 1e6).toFixed(0)}`);
  }
  const ratio = (a, b) => console.log(`${servers[a].name} / ${servers[b].name}: ${range(rows[a].map((round, i) => round.cost / rows[b][i].cost))}`);
  for (const [a, b] of pairs) ratio(a, b);
}

if (mtu && !process.env.TONGKE_BENCH_MTU) {
  const inside = spawnSync('unshare', ['--net', 'sh', '-c', `ip link set lo mtu ${mtu} up && exec "$@"`, 'sh', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, TONGKE_BENCH_MTU: String(mtu) } });
  if (inside.error) console.error(inside.error);
  process.exit(inside.status ?? 1);
}
try { await main(); } catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
