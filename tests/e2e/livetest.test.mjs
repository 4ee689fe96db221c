// The live test from the terminal (scope node) over a good link, one at 0.8 ×
// and one at 1.3 × of the bitrate. TONGKE_FULL=1: five runs each.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startDemo } from '../support/demo.mjs';
import { room2 } from '../support/lesson.mjs';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { run } from '../support/process.mjs';

const runs = process.env.TONGKE_FULL ? 5 : 1;
const exits = { passed: 0, failed: 1, incomplete: 2 };

test('the node’s live test tells a good link from a thin one', async (t) => {
  const proxy = await new FaultProxy('127.0.0.1', 0).listen();
  t.after(() => proxy.close());
  const { json } = await startDemo(t, ['--upstream', `http://127.0.0.1:${proxy.port}`], (base) => { proxy.target.port = base + 1; });
  const liveTest = async () => {
    const end = await run(t, json.player.argv[0], ['--config', json.player.config, 'test', '--room', room2, '--minutes', '1', '--json'], { timeoutSeconds: 150 });
    return { ...JSON.parse(end.stdout), exit: end.code };
  };
  let bitrate = null;
  for (let i = 0; i < runs; i++) {
    await t.test(`clean path, run ${i + 1}`, async (t2) => {
      const record = await liveTest();
      t2.diagnostic(JSON.stringify(record.measures));
      assert.equal(record.verdict, 'passed', JSON.stringify(record.reasons));
      assert.equal(record.exit, exits.passed);
      assert.equal(record.scope, 'node');
      bitrate = record.measures.bitrate_bps;
    });
  }
  // The lesson rests while a test runs and nobody plays: the test has the link to itself.
  for (const [factor, verdict] of [[1.3, "conditional"], [0.8, "failed"], [1.3, "conditional"]]) {
    for (let i = 0; i < runs; i++) {
      await t.test(`${factor} × bitrate, run ${i + 1}`, async (t2) => {
        assert.ok(bitrate > 1e6, `measured bitrate ${bitrate}`);
        proxy.limit(bitrate * factor);
        const record = await liveTest();
        proxy.limit(null);
        t2.diagnostic(`${record.verdict} ${JSON.stringify(record.reasons.map((r) => r.code))} ${JSON.stringify(record.measures)}`);
        assert.equal(record.verdict, verdict, JSON.stringify(record.reasons));
        const ratio = record.measures.throughput_ratio_p10;
        assert.ok(Math.abs(ratio - factor) <= factor * 0.1, `measured ${ratio}, truth ${factor}`);
        if (verdict === 'failed') assert.ok(record.reasons.some((r) => r.code === 'throughput'));
      });
    }
  }
});
