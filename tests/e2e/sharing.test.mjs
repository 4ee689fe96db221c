// C06: the classrooms of a county share one upstream pull, whatever plays.
import test from 'node:test';
import assert from 'node:assert/strict';
import { login, metric, startDemo } from '../support/demo.mjs';
import { HttpPlayer, lessonPath, room1, room2, startLesson } from '../support/lesson.mjs';
import { pause, until } from '../support/wait.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 24;

test('two rooms play from one pull of one stream', async (t) => {
  const { json } = await startDemo(t);
  const node = json.player.http;
  const players = [];
  for (const room of [room1, room2]) {
    const teacher = await login(node, json.accounts.teacher[room]);
    await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room}`)).body.buffer.node_s > 3, 30);
    assert.equal((await startLesson(teacher, room)).status, 200);
    players.push(new HttpPlayer(teacher, lessonPath(room)));
  }
  await pause(6000);
  const sample = async () => ({
    sent: await metric(json.relay.http, 'tongke_sent_bytes_total', { transport: 'hls' }),
    published: await metric(json.relay.http, 'tongke_stream_received_bytes_total', { stream: 'main' }),
  });
  const before = await sample();
  await pause(seconds * 1000);
  const after = await sample();
  await Promise.all(players.map((player) => player.stop()));
  const ratio = (after.sent - before.sent) / (after.published - before.published);
  t.diagnostic(`bytes to the node / bytes published: ${ratio.toFixed(3)} over ${seconds} s`);
  // Whole segments of 2 s against a continuous count: one segment of slack each way.
  const slack = 0.05 + 4 / seconds * 0.5;
  assert.ok(Math.abs(ratio - 1) < slack, `ratio ${ratio}`);
  for (const player of players) {
    assert.ok(player.segments.size >= seconds / 2 - 2);
    assert.deepEqual(player.holes(), []);
  }
});
