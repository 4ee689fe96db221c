// C10: only the homeroom teacher plays. Every way to play × everybody who must
// not, before the start, while playing and after the stop, with segment URLs
// copied out of a good session.
import test from 'node:test';
import assert from 'node:assert/strict';
import { login, startDemo } from '../support/demo.mjs';
import { lessonPath, mediaPlaylist, room1, room2, startLesson, stopLesson } from '../support/lesson.mjs';
import { until } from '../support/wait.mjs';

const kPhone = { 'sec-ch-ua-mobile': '?1', 'user-agent': 'Mozilla/5.0 (Linux; Android 13) Mobile' };
const post = (site, path, body, headers = {}) => fetch(site + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const code = async (answer) => `${answer.status} ${(await answer.json()).code}`;

test('only the homeroom teacher of the room plays its lesson', async (t) => {
  const { json } = await startDemo(t);
  const node = json.player.http, relay = json.relay.http, { accounts } = json;
  const teacher = await login(node, accounts.teacher[room2]);
  const other = await login(node, accounts.teacher[room1]);
  const technician = await login(node, accounts.technician[room2]);
  const county = await login(node, accounts.county_it);
  const offices = { operator: accounts.operator, ...accounts.administrators };
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);

  const strangers = {
    technician: [technician, '403 not_homeroom_teacher'], 'county IT': [county, '403 not_homeroom_teacher'],
    'the teacher of another room': [other, '403 not_homeroom_teacher'],
    nobody: [(path, options) => fetch(node + path, options), '401 not_logged_in'],
  };
  for (const [name, account] of Object.entries(offices)) {
    const here = await post(node, '/api/v1/session', { account: account.account, password: account.password });
    assert.ok([401, 403].includes(here.status), `${name} logged in at the node`);
    const session = await login(relay, account);
    strangers[name] = [(path, options = {}) => fetch(node + path, { ...options, headers: { ...options.headers, cookie: session.cookie } }), '401 not_logged_in'];
    const renamed = session.cookie.replace('tongke_relay', 'tongke_player');
    strangers[`${name}, cookie renamed`] = [(path, options = {}) => fetch(node + path, { ...options, headers: { ...options.headers, cookie: renamed } }), '401 not_logged_in'];
  }
  const request = (action) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ action }) });

  await t.test('technician and county IT may read the room', async () => {
    for (const call of [technician, county]) assert.equal((await call.json(`/api/v1/rooms/${room2}`)).status, 200);
  });
  await t.test('before the start nobody gets media, not even its teacher', async () => {
    assert.equal(await code(await teacher(lessonPath(room2))), '403 not_started');
  });

  const check = async (paths) => {
    for (const [name, [call, expected]] of Object.entries(strangers)) {
      for (const action of ['start', 'stop']) assert.equal(await code(await call(`/api/v1/rooms/${room2}/playback`, request(action))), expected, `${name} ${action}`);
      for (const path of paths) assert.equal(await code(await call(path)), expected, `${name} ${path}`);
    }
  };
  await t.test('strangers before the start', () => check([lessonPath(room2)]));

  const started = await startLesson(teacher, room2);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const { path, playlist } = await mediaPlaylist(teacher, lessonPath(room2));
  const segment = new URL(playlist.segments.at(-1).uri, `http://x${path}`).pathname, map = new URL(playlist.map, `http://x${path}`).pathname;
  const everything = [lessonPath(room2), path, segment, map];
  for (const each of everything) assert.equal((await teacher(each)).status, 200, each);
  await t.test('strangers while it plays, copied addresses included', () => check(everything));
  await t.test('nothing of a lesson is kept by a cache', async () => {
    for (const each of everything) assert.match((await teacher(each)).headers.get('cache-control'), /no-store/);
  });
  await t.test('a phone of the teacher is read-only', async () => {
    const phone = await login(node, accounts.teacher[room2], kPhone);
    assert.equal(await code(await phone(`/api/v1/rooms/${room2}/playback`, request('start'))), '403 desktop_only');
    for (const each of everything) assert.equal(await code(await phone(each)), '403 desktop_only');
    assert.equal(await code(await teacher(segment, { headers: kPhone })), '403 desktop_only');
  });
  await t.test('another PC of the same teacher must take over', async () => {
    const second = await login(node, accounts.teacher[room2]);
    const refused = await startLesson(second, room2);
    assert.equal(`${refused.status} ${refused.body.code}`, '409 already_controlled');
    assert.notEqual((await second(segment)).status, 200);
    assert.equal((await startLesson(second, room2, { take_over: refused.body.take_over })).status, 200);
    assert.equal((await second(segment)).status, 200);
    assert.notEqual((await teacher(segment)).status, 200);
    assert.equal((await stopLesson(second, room2)).status, 200);
  });
  await t.test('after the stop the copied addresses are dead', async () => {
    for (const each of everything) assert.equal(await code(await teacher(each)), '403 ended');
    await check(everything);
  });
  await t.test('the relay has no road to playback', async () => {
    const operator = await login(relay, accounts.operator);
    assert.equal((await operator(`/api/v1/rooms/${room2}/playback`, request('start'))).status, 404);
    assert.ok([401, 403].includes((await operator('/hls/main/live.m3u8')).status));
  });
});

test('outside the schedule a start needs a reason and a test is refused with the next window', async (t) => {
  const { json } = await startDemo(t, ['--schedule', 'closed']);
  const node = json.player.http;
  const teacher = await login(node, json.accounts.teacher[room2]);
  const refused = await startLesson(teacher, room2);
  assert.equal(`${refused.status} ${refused.body.code}`, '409 outside_schedule');
  const allowed = await startLesson(teacher, room2, { reason: '补播上午的课程' });
  assert.equal(allowed.status, 200, JSON.stringify(allowed.body));
  const testing = await teacher.post(`/api/v1/rooms/${room2}/tests`, { minutes: 1 });
  assert.equal(`${testing.status} ${testing.body.code}`, '409 outside_window');
  assert.ok(Date.parse(testing.body.next) > Date.now(), JSON.stringify(testing.body));
});
