// kill -9 of the node, then of the relay, in the middle of a lesson: the same
// session plays on without a login, numbers never fall, and what the node
// recorded is what the relay has: none lost, none twice.
import test from 'node:test';
import assert from 'node:assert/strict';
import { login, startDemo } from '../support/demo.mjs';
import { HttpPlayer, lessonPath, mediaPlaylist, room2, startLesson, stopLesson } from '../support/lesson.mjs';
import { Child } from '../support/process.mjs';
import { pause, until } from '../support/wait.mjs';

const restart = (t, { argv }) => new Child(t, argv[0], argv.slice(1));

async function allEvents(call, room) {
  const events = [];
  for (let after = ''; ;) {
    const { status, body } = await call.json(`/api/v1/rooms/${room}/events?after=${encodeURIComponent(after)}`);
    assert.equal(status, 200);
    if (!body.events.length) return events;
    events.push(...body.events);
    after = body.next;
  }
}
const key = (event) => `${event.boot}:${event.seq}:${event.type}`;

test('a lesson survives kill -9 of the node and of the relay', async (t) => {
  const { json } = await startDemo(t);
  const teacher = await login(json.player.http, json.accounts.teacher[room2]);
  const county = await login(json.relay.http, json.accounts.county_it);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);
  assert.equal((await startLesson(teacher, room2)).status, 200);
  const player = new HttpPlayer(teacher, lessonPath(room2));
  await until('some segments came', () => player.segments.size >= 5, 30);
  const before = Math.max(...player.segments.keys());

  process.kill(json.player.pid, 'SIGKILL');
  await pause(300);
  restart(t, json.player);
  await until('the lesson goes on after the node was killed', () => player.segments.has(before + 5), 30);
  assert.equal((await teacher.json('/api/v1/session')).status, 200, 'the session survived');
  assert.equal((await teacher.json(`/api/v1/rooms/${room2}`)).body.playback.yours, true);
  assert.deepEqual(player.holes(), [], 'the node lost no segment');

  const relayBefore = Math.max(...player.segments.keys());
  process.kill(json.relay.pid, 'SIGKILL');
  await pause(300);
  restart(t, json.relay);
  await until('the lesson goes on after the relay was killed', () => Math.max(...player.segments.keys()) > relayBefore + 5, 60);
  await pause(2000);
  await player.stop();
  assert.equal(player.sequenceFell(), false, `MEDIA-SEQUENCE fell: ${player.sequences}`);
  const names = [...player.segments.values()].map((s) => s.uri);
  assert.equal(new Set(names).size, names.length, 'a segment name was used twice');
  assert.equal((await stopLesson(teacher, room2)).status, 200);

  const countyAgain = await login(json.relay.http, json.accounts.county_it).catch(() => county);
  const spooled = await allEvents(teacher, room2);
  assert.ok(spooled.some((e) => e.type === 'playback_start') && spooled.some((e) => e.type === 'playback_stop'), JSON.stringify(spooled));
  await until('the relay has every event once', async () => {
    const got = (await allEvents(countyAgain, room2)).map(key);
    assert.deepEqual([...got].sort(), spooled.map(key).sort());
    assert.equal(new Set(got).size, got.length);
    return true;
  }, 30);
});
