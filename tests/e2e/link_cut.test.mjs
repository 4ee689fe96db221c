// The link relay → node fails for 5 s at any phase of a segment: nothing is
// lost and a room 8 s behind does not stall. Once held by a proxy (TCP stays
// alive), once dropped by nftables in a namespace (retransmission time-outs
// at work): there the whole test runs inside the namespace.
// TONGKE_FULL=1: 8 phases each, else 3.
import test from 'node:test';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { login, startDemo } from '../support/demo.mjs';
import { HttpPlayer, lessonPath, room2, startLesson } from '../support/lesson.mjs';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { Host } from '../support/namespace.mjs';
import { run } from '../support/process.mjs';
import { execFileSync } from 'node:child_process';
import { pause, until } from '../support/wait.mjs';

const phases = process.env.TONGKE_FULL ? 8 : 3;
const kLatency = 8, kCutMs = 5000;
const inside = process.env.TONGKE_TEST_NAMESPACE;

/** How far behind its media time each segment came, at the least and at the most. */
function lag(player) {
  const all = [...player.segments.values()].map((s) => (s.at - (s.pdt + s.duration * 1000)) / 1000);
  return { min: Math.min(...all), max: Math.max(...all) };
}

async function startPlayer(json) {
  const teacher = await login(json.player.http, json.accounts.teacher[room2]);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);
  assert.equal((await startLesson(teacher, room2)).status, 200);
  const player = new HttpPlayer(teacher, lessonPath(room2));
  await until('ten seconds were played', () => player.segments.size >= 5, 30);
  return player;
}

async function cutAtPhases(t, json, link) {
  const player = await startPlayer(json);
  for (let i = 0; i < phases; i++) {
    await pause(7000 + (i + Math.random()) * 2000 / phases);
    link.cut();
    await pause(kCutMs);
    link.heal();
    await pause(2500);
  }
  await pause(4000);
  await player.stop();
  const { min, max } = lag(player);
  t.diagnostic(`${phases} cuts of ${kCutMs / 1000} s: lag ${min.toFixed(2)} to ${max.toFixed(2)} s, ${player.segments.size} segments, ${player.holes().length} missing`);
  assert.deepEqual(player.holes(), []);
  assert.ok(max - min > kCutMs / 1000 - 2.5, `the cut was not felt: ${max - min} s`);
  assert.ok(max - min < kLatency, `a player ${kLatency} s behind would have stalled: ${max - min} s`);
}

test('a 5 s cut held by a proxy costs no segment and no stall', { skip: inside }, async (t) => {
  const proxy = await new FaultProxy('127.0.0.1', 0).listen();
  t.after(() => proxy.close());
  const { json } = await startDemo(t, ['--upstream', `http://127.0.0.1:${proxy.port}`], (base) => { proxy.target.port = base + 1; });
  await cutAtPhases(t, json, { cut: () => proxy.hold(), heal: () => proxy.release() });
});

test('a 5 s cut by nftables costs no segment and no stall', { skip: inside }, async (t) => {
  const host = new Host(t);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;  // a test run of its own
  const end = await run(t, 'ip', ['netns', 'exec', host.name, process.execPath, '--test-reporter=tap', fileURLToPath(import.meta.url)],
    { timeoutSeconds: 400, env: { ...env, TONGKE_TEST_NAMESPACE: host.name } });
  const figures = end.stdout.match(/^\s*# \d+ cuts.*$/m);
  assert.ok(end.code === 0 && figures, end.stdout + end.stderr);
  t.diagnostic(figures[0].trim().slice(2));
});

test('inside the namespace: packets to and from the relay are dropped', { skip: !inside }, async (t) => {
  const nft = (...words) => execFileSync('nft', words);
  const { json, base } = await startDemo(t);
  const port = String(base + 1);
  nft('add', 'table', 'inet', 'cut');
  nft('add', 'chain', 'inet', 'cut', 'out', '{ type filter hook output priority 0; policy accept; }');
  const link = {
    cut: () => { for (const side of ['dport', 'sport']) nft('add', 'rule', 'inet', 'cut', 'out', 'tcp', side, port, 'drop'); },
    heal: () => nft('flush', 'chain', 'inet', 'cut', 'out'),
  };
  await cutAtPhases(t, json, link);
});
