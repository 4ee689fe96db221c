// C06, E01: two counties, two nodes, one relay: each node pulls the lesson
// once, and the county IT of one sees nothing of the other.
import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, login, metric, startDemo } from '../support/demo.mjs';
import { HttpPlayer, lessonPath, room1, room2, startLesson } from '../support/lesson.mjs';
import { Child, program, root, run } from '../support/process.mjs';
import { pause, until } from '../support/wait.mjs';

const kOther = { county: '513322', room: '513322-01', teacher: { account: 't513322-01', password: 'mountain-482915' }, it: { account: 'it513322', password: 'valley-739164' } };
const seconds = process.env.TONGKE_FULL ? 60 : 24;

/** A second county in the demo's relay, with a node of its own; resolves the node's address. */
async function secondCounty(t, { json, dir, relayCli }) {
  const ok = (end) => { assert.equal(end.code, 0, end.stdout + end.stderr); return end.stdout; };
  const roster = join(dir, 'second.csv');
  writeFileSync(roster, '县代码,县名称,分课堂编号,分课堂名称,班主任姓名,班主任账号,初始密码,网络\r\n'
    + `${kOther.county},雪山县,${kOther.room},雪山县第一小学,周老师,${kOther.teacher.account},${kOther.teacher.password},\r\n`);
  ok(await relayCli('roster', 'import', roster));
  const words = ['--config', json.relay.config, 'account', 'set', '--account', kOther.it.account, '--role', 'county_it', '--name', '雪山县技术人员', '--county', kOther.county];
  ok(await run(t, 'sh', ['-c', `echo "$0" | "$@"`, kOther.it.password, json.relay.argv[0], ...words]));
  const code = ok(await relayCli('node', 'invite', '--county', kOther.county)).trim().split('\n').pop().trim();
  const port = await freePorts(1), folder = join(dir, 'second'), config = join(folder, 'player.toml');
  mkdirSync(folder);
  // The file that we ship, as who installs a node has it: enroll writes the relay's address into it.
  writeFileSync(config, readFileSync(join(root, 'config/player.toml'), 'utf8').replace(/^data_dir = "[^"]*"/m, `data_dir = "${join(folder, 'data')}"`).replace('"[::]:8090"', `"[::]:${port}"`), { mode: 0o640 });
  ok(await run(t, program('tongke-player'), ['--config', config, 'enroll', '--relay', json.relay.http + '/', '--code', code]));
  assert.match(readFileSync(config, 'utf8'), new RegExp(`^url = "${json.relay.http}"  `, 'm'));
  assert.equal(statSync(config).mode & 0o777, 0o640);
  ok(await run(t, program('tongke-player'), ['--config', config, 'check-config']));
  const node = new Child(t, program('tongke-player'), ['--config', config, 'serve']);
  const http = `http://127.0.0.1:${port}`;
  await until('the second node', async () => { if (node.result) throw new Error(node.stderr); return (await fetch(`${http}/readyz`)).ok; }, 20);
  return http;
}

test('two counties on one relay: one pull each, and neither sees the other', async (t) => {
  const demo = await startDemo(t), { json } = demo;
  const second = await secondCounty(t, demo);
  const players = [];
  const play = async (node, account, room) => {
    const teacher = await login(node, account);
    await until(`the node of ${room} holds media`, async () => (await teacher.json(`/api/v1/rooms/${room}`)).body.buffer.node_s > 3, 30);
    assert.equal((await startLesson(teacher, room)).status, 200);
    players.push(new HttpPlayer(teacher, lessonPath(room)));
  };
  for (const room of [room1, room2]) await play(json.player.http, json.accounts.teacher[room], room);
  await play(second, kOther.teacher, kOther.room);
  await pause(6000);

  const sample = async () => ({
    sent: await metric(json.relay.http, 'tongke_sent_bytes_total', { transport: 'hls' }),
    published: await metric(json.relay.http, 'tongke_stream_received_bytes_total', { stream: 'main' }),
    nodes: await Promise.all([json.player.http, second].map((node) => metric(node, 'tongke_upstream_received_bytes_total', {}))),
  });
  const before = await sample();
  await pause(seconds * 1000);
  const after = await sample();
  await Promise.all(players.map((player) => player.stop()));
  const published = after.published - before.published, sent = (after.sent - before.sent) / published;
  const each = after.nodes.map((bytes, i) => (bytes - before.nodes[i]) / published);
  t.diagnostic(`relay sent ${sent.toFixed(3)} of what was published to two nodes; the nodes received ${each.map((n) => n.toFixed(3)).join(' and ')}`);
  const slack = 0.05 + 2 / seconds;  // whole segments against a continuous count
  assert.ok(Math.abs(sent - 2) < 2 * slack, `the relay sent ${sent}`);
  for (const ratio of each) assert.ok(Math.abs(ratio - 1) < slack, `a node received ${ratio}`);
  for (const player of players) assert.deepEqual(player.holes(), []);

  // What county IT of each sees, at the relay and at both nodes.
  const its = { [json.rooms[0].id.slice(0, 6)]: json.accounts.county_it, [kOther.county]: kOther.it };
  const roomsOf = { [json.rooms[0].id.slice(0, 6)]: [room1, room2], [kOther.county]: [kOther.room] };
  const nodeOf = { [json.rooms[0].id.slice(0, 6)]: json.player.http, [kOther.county]: second };
  for (const [county, account] of Object.entries(its)) {
    const foreign = Object.keys(its).find((code) => code !== county);
    const it = await login(json.relay.http, account);
    const listed = (await it.json('/api/v1/rooms')).body.rooms.map((room) => room.id ?? room.room).sort();
    assert.deepEqual(listed, roomsOf[county]);
    for (const query of [`?county=${foreign}`, '?county=', '?county=*', `?county=${county}&county=${foreign}`]) {
      const answer = await it.json(`/api/v1/rooms${query}`);
      assert.ok(!JSON.stringify(answer.body).includes(roomsOf[foreign][0]), `rooms${query}`);
    }
    const known = await it.json(`/api/v1/rooms/${roomsOf[foreign][0]}`), never = await it.json('/api/v1/rooms/999999-01');
    assert.deepEqual([known.status, known.body.code], [never.status, never.body.code], 'another county’s room looks like one that does not exist');
    for (const path of [`/api/v1/rooms/${roomsOf[foreign][0]}/events?after=`, `/api/v1/rooms/${roomsOf[foreign][0]}/tests`]) {
      const answer = await it.json(path);
      assert.ok([403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    const stream = await it('/api/v1/events', { headers: { accept: 'text/event-stream' } });
    const reader = stream.body.getReader(), until6 = Date.now() + 6000;
    let pushed = '';
    while (Date.now() < until6) {
      const next = await Promise.race([reader.read(), pause(until6 - Date.now())]);
      if (!next?.value) break;
      pushed += Buffer.from(next.value).toString();
    }
    await reader.cancel();
    assert.ok(pushed.includes(roomsOf[county][0]) && !pushed.includes(foreign), 'the live list carries the own county only');
    await assert.rejects(login(nodeOf[foreign], account), { status: 401 }, 'the other county’s node does not know them');
  }
  const teacher = await login(json.player.http, json.accounts.teacher[room1]);
  assert.ok([403, 404].includes((await teacher.json(`/api/v1/rooms/${kOther.room}`)).status));
  await assert.rejects(login(second, json.accounts.teacher[room1]), { status: 401 });
});
