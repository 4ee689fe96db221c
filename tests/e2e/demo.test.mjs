// The demo is the product's face: it comes up, says where everything is, and
// a second start of the same folder takes seconds.
import test from 'node:test';
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, startDemo } from '../support/demo.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { root, run } from '../support/process.mjs';

test('the demo comes up and describes itself', async (t) => {
  const demo = await startDemo(t);
  assert.equal(statSync(join(demo.dir, 'demo.json')).mode & 0o777, 0o600);
  for (const site of [demo.json.relay.http, demo.json.player.http]) {
    assert.equal((await fetch(`${site}/healthz`)).status, 200);
    assert.equal((await fetch(`${site}/readyz`)).status, 200);
    assert.match(await (await fetch(`${site}/`)).text(), /<html lang="zh/);
  }
  const end = await demo.child.stop();
  assert.deepEqual(end, { code: 0, signal: null }, demo.child.stdout + demo.child.stderr);
});

test('a second start of the same folder takes under 15 s and keeps its accounts', async (t) => {
  const dir = temporaryFolder(), base = await freePorts(3);
  const start = () => run(t, join(root, 'scripts/demo'), ['--dir', dir, '--base-port', String(base), '--seconds', '3']);
  const first = await start();
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const begin = Date.now(), second = await start();
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.ok(Date.now() - begin < 3000 + 15_000 + 5000, `took ${Date.now() - begin} ms`);
  const passwords = (text) => text.match(/密码 \S+/g);
  assert.deepEqual(passwords(second.stdout), passwords(first.stdout));
});

test('a wrong option is refused with exit 64', async (t) => {
  for (const wrong of [['--seconds', 'x'], ['--schedule', 'maybe'], ['--frobnicate']]) {
    const end = await run(t, process.execPath, [join(root, 'scripts/lib/demo.mjs'), ...wrong]);
    assert.equal(end.code, 64, wrong.join(' '));
  }
});

test('a port that is taken is named', async (t) => {
  const { createServer } = await import('node:net');
  const base = await freePorts(3);
  const other = createServer().listen(base + 1);
  t.after(() => other.close());
  const end = await run(t, process.execPath, [join(root, 'scripts/lib/demo.mjs'), '--dir', temporaryFolder(), '--base-port', String(base)]);
  assert.equal(end.code, 1);
  assert.match(end.stderr, new RegExp(`port ${base + 1} is taken`));
});
