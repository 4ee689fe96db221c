// A lesson that goes on while everything around it fails: every half minute one
// disturbance by turns, both rooms playing all the while, and a crowd that comes
// and goes: 200 players over RTMP and HLS, and an encoder of another stream. At
// the end nothing was lost, no program has died, neither memory nor open files
// have grown, and the relay counts nobody who is gone.
//   node tests/bench/soak.mjs [--minutes 15]
// Prints a line each half minute; exits 1 when something does not hold.
import { readFileSync } from 'node:fs';
import { login, startDemo } from '../support/demo.mjs';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { HttpPlayer, lessonPath, room1, room2, startLesson, stopLesson } from '../support/lesson.mjs';
import { openFiles, residentBytes } from '../support/memory.mjs';
import { program, run } from '../support/process.mjs';
import { pause, until } from '../support/wait.mjs';

const at = process.argv.indexOf('--minutes'), minutes = at < 0 ? 15 : Number(process.argv[at + 1]);
const kTurnMs = 30_000;
const kSettles = 4;         // minutes until the log and the windows are full
const kMayGrow = 1.05;      // resident memory, one round of disturbances beside the one before
const kLatency = 8;         // seconds behind live at which a room plays
const ends = [], faults = [];
const scope = { after: (action) => ends.push(action) };
const expect = (holds, what) => { if (!holds) { faults.push(what); console.error(`soak: ${what}`); } };

const memory = (pid) => residentBytes(pid) / (1 << 20);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

const kCrowd = { rtmp: 120, hls: 80 };

/** Players, and an encoder of the test stream, that stay for a few seconds; resolves to how many came. */
async function crowd(json) {
  const key = readFileSync(json.relay.config, 'utf8').match(/\[stream\.test\]\s+publish_key = "([^"]+)"/)[1];
  const stay = ['--warmup', '3', '--seconds', '5'], port = (url) => new URL(url).port;
  const most = { rtmp: 0, hls: 0 };
  const watch = setInterval(async () => { for (const transport of ['rtmp', 'hls']) most[transport] = Math.max(most[transport], await counted(json.relay.http, transport)); }, 500);
  const ended = await Promise.all([
    run(scope, program('rtmp_load'), ['--port', port(json.relay.rtmp), '--path', `live/main?token=${json.play_token}`, '--players', String(kCrowd.rtmp), ...stay]),
    run(scope, program('hls_load'), ['--port', port(json.relay.http), '--playlist', '/hls/main/live.m3u8', '--bearer', json.play_token, '--players', String(kCrowd.hls), ...stay]),
    run(scope, 'ffmpeg', ['-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=r=25:s=320x180', '-t', '6', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-f', 'flv', `${json.relay.rtmp}/live/test?key=${key}`]),
  ]);
  clearInterval(watch);
  expect(most.rtmp >= kCrowd.rtmp && most.hls >= kCrowd.hls, `of the crowd only ${JSON.stringify(most)} were counted`);
  expect(ended.every(({ code }) => code === 0), `of the crowd: ${ended.map(({ stderr }) => stderr).join(' ')}`);
  const [rtmp, hls] = ended.map(({ stdout }) => JSON.parse(stdout || '{}'));
  expect(rtmp.alive === kCrowd.rtmp && hls.dropped === 0 && hls.segments >= kCrowd.hls, `some of the crowd were dropped: ${JSON.stringify([rtmp, hls])}`);
  return kCrowd.rtmp + kCrowd.hls;
}

const counted = async (relay, transport) => Number((await (await fetch(`${relay}/metrics`)).text()).match(new RegExp(`tongke_subscribers\\{stream="main",transport="${transport}"\\} (\\d+)`))?.[1] ?? 0);

/** The ways in which an ordinary day goes wrong, by turns. */
function disturbances({ json, proxy, room }) {
  return [
    ['the link is held for 5 s', async () => { proxy.hold(); await pause(5000); proxy.release(); }],
    ['every connection of the node is reset', async () => proxy.reset()],
    ['wrong passwords, broken bodies', async () => {
      for (let i = 0; i < 20; i++) {
        await fetch(`${json.player.http}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: i % 2 ? '{"account":"nobody","password":"wrong"}' : '{"acc' });
        await fetch(`${json.relay.http}/hls/main/live.m3u8`, { headers: { authorization: `Bearer wrong-${i}` } });
      }
    }],
    ['SIGHUP to both programs', async () => { process.kill(json.relay.pid, 'SIGHUP'); process.kill(json.player.pid, 'SIGHUP'); }],
    ['a second publisher without the key', async () => {
      const end = await run(scope, 'ffmpeg', ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=r=25', '-t', '1', '-f', 'flv', json.publish_url.replace(/key=.*/, 'key=wrong')]);
      expect(end.code !== 0, 'who has no key may publish');
    }],
    ['one room stops and starts again', async () => {
      expect((await stopLesson(room, room1)).status === 200 && (await startLesson(room, room1)).status === 200, 'the room cannot start again');
    }],
    ['the link runs at 1.5 × for 10 s', async () => { proxy.limit(2.65e6 * 1.5); await pause(10_000); proxy.limit(null); }],
  ];
}

async function main() {
  const proxy = await new FaultProxy('127.0.0.1', 0).listen();
  scope.after(() => proxy.close());
  const { json, child } = await startDemo(scope, ['--upstream', `http://127.0.0.1:${proxy.port}`], (base) => { proxy.target.port = base + 1; });
  const teachers = {}, players = {};
  for (const room of [room1, room2]) {
    teachers[room] = await login(json.player.http, json.accounts.teacher[room]);
    await until('the node holds media', async () => (await teachers[room].json(`/api/v1/rooms/${room}`)).body.buffer.node_s > 3, 30);
    if ((await startLesson(teachers[room], room)).status !== 200) throw new Error(`${room} does not start`);
    players[room] = new HttpPlayer(teachers[room], lessonPath(room));
  }
  const turns = disturbances({ json, proxy, room: teachers[room1] });
  const pids = { relay: json.relay.pid, player: json.player.pid };
  const seen = { relay: [], player: [] };
  const end = Date.now() + minutes * 60_000;
  let joins = 0;
  for (let i = 0; Date.now() < end; i++) {
    const [what, disturb] = turns[i % turns.length], next = Date.now() + kTurnMs;
    joins += (await Promise.all([crowd(json), disturb()]))[0];
    await pause(Math.max(0, next - Date.now()));
    for (const [name, pid] of Object.entries(pids)) seen[name].push({ rss: memory(pid), files: openFiles(pid) });
    const now = (name) => `${name} ${seen[name].at(-1).rss.toFixed(0)} MB, ${seen[name].at(-1).files} files`;
    console.log(`${((i + 1) * kTurnMs / 60_000).toFixed(1)} min  ${now('relay')}; ${now('player')}; ${players[room2].segments.size} segments  (${what})`);
    if (child.result) throw new Error(`a program has died: ${child.stdout}${child.stderr}`);
  }
  for (const player of Object.values(players)) await player.stop();
  // Who has asked over HLS is counted for half a minute.
  const left = async () => ({ rtmp: await counted(json.relay.http, 'rtmp'), hls: await counted(json.relay.http, 'hls') });
  const stay = { rtmp: 0, hls: 2 };  // the node, and who checks the playlist's rules
  await until('nobody else is counted', async () => JSON.stringify(await left()) === JSON.stringify(stay), 60).catch(() => {});
  console.log(`${joins} players came and went; still counted: ${JSON.stringify(await left())}, of whom ${JSON.stringify(stay)} are there`);
  expect(JSON.stringify(await left()) === JSON.stringify(stay), 'players who are gone are still counted');

  for (const [room, player] of Object.entries(players)) {
    const lags = [...player.segments.values()].map((s) => (s.at - s.pdt) / 1000 - s.duration), spread = Math.max(...lags) - Math.min(...lags);
    console.log(`${room}: ${player.segments.size} segments, ${player.holes().length} missing, they came within ${spread.toFixed(2)} s of one another`);
    expect(player.holes().length === 0, `${room}: ${player.holes().length} segments are missing`);
    expect(!player.sequenceFell(), `${room}: MEDIA-SEQUENCE fell`);
    expect(spread < kLatency, `${room}: who plays ${kLatency} s behind has stalled`);
    expect(player.segments.size > minutes * 60 / 2 - 10, `${room}: only ${player.segments.size} segments came`);
  }
  for (const [name, samples] of Object.entries(seen)) {
    const steady = samples.slice(kSettles * 60_000 / kTurnMs);
    if (steady.length < 2 * turns.length) { console.log(`${name}: too short a run to judge its memory (${kSettles} min and twice every disturbance)`); continue; }
    // Whole turns of every disturbance are compared, so that each side holds the same ones.
    const last = steady.slice(-turns.length), before = steady.slice(-2 * turns.length, -turns.length);
    const growth = mean(last.map((s) => s.rss)) / mean(before.map((s) => s.rss));
    console.log(`${name}: resident memory × ${growth.toFixed(3)} from one round to the next; open files ${before.at(-1).files} → ${last.at(-1).files}`);
    expect(growth < kMayGrow, `${name}: memory grows, × ${growth.toFixed(3)} a round`);
    expect(last.at(-1).files <= before.at(-1).files + 4, `${name}: open files grow`);
  }
  const stopped = await child.stop();
  expect(stopped.code === 0, `the programs did not stop cleanly: ${JSON.stringify(stopped)} ${child.stderr}`);
}

try { await main(); } catch (error) { faults.push(error.message); console.error(error); }
for (const action of ends.reverse()) await action();
console.log(faults.length ? `soak: ${faults.length} things do not hold` : 'soak: everything holds');
process.exit(faults.length ? 1 : 0);
