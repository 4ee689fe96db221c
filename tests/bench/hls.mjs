// What HLS costs beside nginx serving the same files from memory (tmpfs), both
// at once, so that whatever else the machine does they share: CPU-seconds per
// GB and how long a segment's fetch takes.
//   node tests/bench/hls.mjs [--players 1000] [--seconds 8] [--runs 9] [--in-turn 1]
// Servers on core 0, each with a load of its own on the others; --in-turn 1: one
// after the other. Prints a table; exits 1 when ours costs more, is slower at
// the 99th percentile, or drops a player.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFile, publish } from '../support/media.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { until } from '../support/wait.mjs';
import { hlsLoad, measured, median, option, range } from './measure.mjs';
import { startNginxFiles, startOurs } from './peers.mjs';

const players = option('players', 1000), seconds = option('seconds', 8), runs = option('runs', 9), inTurn = option('in-turn', 0);
const ends = [];
const scope = { after: (action) => ends.push(action) };
let faults = 0;

/** Keeps `folder`/hls/main as the relay serves it: a segment first, then the playlist that names it. */
function mirror(relay, token, folder) {
  const at = join(folder, 'hls/main'), known = new Set();
  let stopped = false;
  const get = async (path) => fetch(`${relay.http}/hls/main/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const loop = async () => {
    while (!stopped) {
      const answer = await get('live.m3u8'), text = await answer.text();
      for (const name of answer.ok ? text.match(/[^"\s]+\.(m4s|mp4)/g) : []) {
        if (known.has(name)) continue;
        mkdirSync(dirname(join(at, name)), { recursive: true });
        writeFileSync(join(at, name), Buffer.from(await (await get(name)).arrayBuffer()));
        known.add(name);
      }
      if (answer.ok) { writeFileSync(join(at, 'live.new'), text); renameSync(join(at, 'live.new'), join(at, 'live.m3u8')); }
      await new Promise((done) => setTimeout(done, 200));
    }
  };
  const running = loop();
  ends.push(async () => { stopped = true; await running; });
  return () => known.size;
}

try {
  const dir = temporaryFolder(), folder = mkdtempSync('/dev/shm/tongke-bench-');
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const ours = { ...await startOurs(scope, '', { limits: 'accepts_per_second = 5000\n' }), ours: true };
  publish(scope, 'ffmpeg -c copy', ours.publishUrl, await makeFile(scope, join(dir, 'lesson.mp4'), 30));
  await ours.relay.untilMedia('main', ours.token, { segments: 4 });
  const files = mirror(ours.relay, ours.token, folder);
  await until('the files are there', () => files() > 3, 20);
  const servers = [ours, await startNginxFiles(scope, dir, folder)];
  const rows = servers.map(() => []);
  for (let run = 0; run < runs; run++) {
    const round = (server) => measured(scope, server, [hlsLoad({ ...server, token: ours.token }, players)], seconds);
    if (inTurn) for (const [k, server] of servers.entries()) rows[k].push(await round(server));
    else for (const [k, result] of (await Promise.all(servers.map(round))).entries()) rows[k].push(result);
    console.error(`run ${run + 1} of ${runs} done`);
  }
  console.log(`\nHLS, ${players} keep-alive players, ${seconds} s, ${runs} runs, ${inTurn ? 'in turn' : 'both at once'}; min median max of the runs`);
  console.log('server                        CPU-s/GB           fetch p50, ms (median)   p99, ms              segments   errors   dropped');
  const p99s = (k) => rows[k].map(({ results: [r] }) => r.fetch_p99_s * 1e3);
  for (const [k, server] of servers.entries()) {
    const results = rows[k].map((round) => round.results[0]), sum = (what) => results.reduce((n, r) => n + r[what], 0);
    console.log(`${server.name.padEnd(28)}  ${range(rows[k].map((round) => round.cost))}   ${(median(results.map((r) => r.fetch_p50_s)) * 1e3).toFixed(1)}                      ${range(p99s(k), 1)}     ${sum('segments')}      ${sum('errors')}        ${sum('dropped')}`);
    if (k === 0 && (sum('errors') || sum('dropped'))) faults++;
  }
  const ratio = rows[0].map((round, i) => round.cost / rows[1][i].cost), late = p99s(0).map((p99, i) => p99 / p99s(1)[i]);
  console.log(`tongke-relay / nginx: cost ${range(ratio)}, p99 ${range(late)}`);
  if (median(ratio) > 1 || median(p99s(0)) > median(p99s(1))) faults++;
} catch (error) { console.error(error); faults++; }
for (const end of ends.reverse()) await end();
process.exit(faults ? 1 : 0);
