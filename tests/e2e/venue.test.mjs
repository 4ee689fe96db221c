// C11: a lesson is started and watched at the venue only. A PC in a namespace
// whose address lies outside the room's networks (it is routed to, it is no
// neighbour) logs in as the 班主任, brings the good PC's cookie and its copied
// addresses along, says X-Forwarded-For, and gets 403 not_at_venue each time.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { login, startDemo } from '../support/demo.mjs';
import { lessonPath, mediaPlaylist, room2, startLesson, stopLesson } from '../support/lesson.mjs';
import { Host } from '../support/namespace.mjs';
import { run } from '../support/process.mjs';
import { until } from '../support/wait.mjs';

const kElsewhere = '172.29.77.7';  // private, as a node without a certificate wants it, but in no network of its own
const kStatusMark = 'tongke-status: ';  // a segment's own bytes come before it in what curl prints

test('a PC outside the room’s networks neither starts nor watches, whatever it brings along', async (t) => {
  const host = new Host(t);
  host.exec('ip', 'addr', 'add', `${kElsewhere}/32`, 'dev', 'lo');
  host.exec('ip', 'route', 'add', 'default', 'via', host.outside);
  execFileSync('ip', ['route', 'add', `${kElsewhere}/32`, 'via', host.inside]);  // goes with the veth
  const { json } = await startDemo(t);
  const port = new URL(json.player.http).port, far = `http://${host.outside}:${port}`;
  const account = json.accounts.teacher[room2];

  /** A request from the namespace: {status, code}. */
  const ask = async (path, { from = kElsewhere, cookie = '', body = null, headers = [] } = {}) => {
    const words = ['netns', 'exec', host.name, 'curl', '-s', '--max-time', '10', '--interface', from, '-o', '-', '-w', `\n${kStatusMark}%{http_code}\n`, '-c', '-', '-H', `Cookie: ${cookie}`,
      ...headers.flatMap((each) => ['-H', each]), ...(body ? ['-H', 'content-type: application/json', '-d', JSON.stringify(body)] : []), far + path];
    const { stdout } = await run(t, 'ip', words);
    return { status: Number(stdout.split(kStatusMark).at(-1).slice(0, 3)), code: stdout.match(/"code":"(\w+)"/)?.[1] ?? null, session: stdout.match(/tongke_player\t(\S+)/)?.[1] ?? null };
  };
  const start = { action: 'start' }, playback = `/api/v1/rooms/${room2}/playback`;
  const refused = (answer, what) => assert.deepEqual([answer.status, answer.code], [403, 'not_at_venue'], what);

  const teacher = await login(json.player.http, account);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);

  const own = await ask('/api/v1/session', { body: account });
  assert.equal(own.status, 200, 'who is elsewhere may log in and read');
  const cookie = `tongke_player=${own.session}`;
  const view = await ask(`/api/v1/rooms/${room2}`, { cookie });
  refused(await ask(playback, { cookie, body: start }), 'start');
  refused(await ask(playback, { cookie, body: { ...start, reason: '补播' } }), 'start with a reason');
  for (const forged of ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'Forwarded: for=127.0.0.1'])
    refused(await ask(playback, { cookie, body: start, headers: [forged] }), forged);
  t.diagnostic(`from ${kElsewhere}: login ${own.status}, the room's view ${view.status} ${view.code ?? ''}, start refused with not_at_venue`);

  assert.equal((await startLesson(teacher, room2)).status, 200);
  const { path, playlist } = await mediaPlaylist(teacher, lessonPath(room2));
  const at = (uri) => new URL(uri, `http://x${path}`).pathname;
  const copied = [lessonPath(room2), path, at(playlist.map), at(playlist.segments.at(-1).uri)];
  for (const stolen of [cookie, teacher.cookie]) {
    for (const each of copied) refused(await ask(each, { cookie: stolen }), each);
    refused(await ask(playback, { cookie: stolen, body: { action: 'stop' } }), 'stop');
    refused(await ask(`/api/v1/rooms/${room2}/tests`, { cookie: stolen, body: { minutes: 1 } }), 'a live test');
  }
  for (const each of copied) assert.equal((await teacher(each)).status, 200, 'the room goes on');

  // The same PC on an address of the node's own network is at the venue.
  const near = (each) => ask(each, { cookie: teacher.cookie, from: host.inside });
  await until('the node knows its new neighbour network', async () => (await near(lessonPath(room2))).status === 200, 90, 2000);
  for (const each of copied) assert.equal((await near(each)).status, 200, each);
  assert.equal((await stopLesson(teacher, room2)).status, 200);
  for (const each of copied) assert.equal((await near(each)).code, 'ended');
});
