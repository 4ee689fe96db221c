// C10: every route of docs/openapi.yaml × everybody, at the program that has
// it: before the lesson starts, while it plays and after its end. Whom x-roles
// does not name gets 401 or 403 and a code; whom it names gets neither, but for
// the lesson's own state. The caller who is allowed sends a body that means
// nothing, so that asking changes nothing; who is not sends one that would work.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { login, startDemo } from '../support/demo.mjs';
import { lessonPath, mediaPlaylist, room1, room2, startLesson, stopLesson } from '../support/lesson.mjs';
import { root } from '../support/process.mjs';
import { until } from '../support/wait.mjs';

const kMethods = ['get', 'post', 'put', 'patch', 'delete'];
const kPhone = { 'sec-ch-ua-mobile': '?1', 'user-agent': 'Mozilla/5.0 (Linux; Android 13) Mobile' };
// What only the homeroom teacher of the room may be told about its lesson's state.
const kStates = ['not_started', 'ended'];
const kWorking = {
  '/api/v1/rooms/{room}/playback': { action: 'start' }, '/api/v1/rooms/{room}/tests': { minutes: 1 },
  '/api/v1/rooms/{room}/beacons': { page: 'p', purpose: 'lesson', seq: 1, sent_performance_now: 1, samples: [] }, '/api/v1/streams/{stream}/source': { use: 'backup' },
};

/** [{method, path, roles: {relay?, player?}}] */
function routes() {
  const found = [];
  for (const [path, item] of Object.entries(parse(readFileSync(join(root, 'docs/openapi.yaml'), 'utf8')).paths))
    for (const method of kMethods) if (item[method]) found.push({ method, path, roles: item[method]['x-roles'] });
  return found;
}

const fill = (path, media) => path.replace('{room}', room2).replace('{stream}', 'main').replace('{id}', '00000000-0000-0000-0000-000000000000').replace('{path}', media);

/** Everybody who can knock at a door: {site, name, role, mine (room 2 is theirs), call}. */
async function everybody(json) {
  const { accounts } = json, sites = { relay: json.relay.http, player: json.player.http }, callers = [];
  const plain = (site, headers = {}) => (path, options = {}) => fetch(sites[site] + path, { ...options, headers: { ...headers, ...options.headers } });
  const add = async (site, name, role, account, { mine = false, headers } = {}) => callers.push({ site, name, role, mine, call: await login(sites[site], account, headers) });
  for (const site of ['relay', 'player']) callers.push({ site, name: 'nobody', role: null, call: plain(site) });
  await add('player', '班主任', 'teacher', accounts.teacher[room2], { mine: true });
  await add('player', '班主任 of another room', 'teacher', accounts.teacher[room1]);
  await add('player', '技术人员', 'technician', accounts.technician[room2], { mine: true });
  await add('player', '技术人员 of another room', 'technician', accounts.technician[room1]);
  await add('player', 'county IT', 'county_it', accounts.county_it, { mine: true });
  await add('relay', 'county IT', 'county_it', accounts.county_it, { mine: true });
  for (const [name, account, role] of [['operator', accounts.operator, 'operator'], ...['system', 'security', 'audit'].map((k) => [`${k} administrator`, accounts.administrators[k], `${k}_admin`])]) {
    await add('relay', name, role, account, { mine: true });
    const { cookie } = callers.at(-1).call;
    callers.push({ site: 'player', name: `${name}, relay cookie`, role: null, call: plain('player', { cookie }) });
    callers.push({ site: 'player', name: `${name}, relay cookie renamed`, role: null, call: plain('player', { cookie: cookie.replace('tongke_relay', 'tongke_player') }) });
  }
  // The node's own sessions mean nothing at the relay either.
  const teacher = callers.find((each) => each.name === '班主任').call;
  callers.push({ site: 'relay', name: '班主任, node cookie renamed', role: null, call: plain('relay', { cookie: teacher.cookie.replace('tongke_player', 'tongke_relay') }) });
  return { callers, teacher };
}

const isOpen = ({ path, roles }, { site, role, mine }) => roles[site].includes('public') || (roles[site].includes(role) && (mine || !path.includes('{room}')));

/** @param body what is sent, as text, unless the method has none */
async function ask({ method, path }, caller, media, body) {
  const answer = await caller.call(fill(path, media), method === 'get' || method === 'delete' ? { method: method.toUpperCase() }
    : { method: method.toUpperCase(), headers: { 'content-type': 'application/json' }, body });
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {  // goes on for ever
    await answer.body.cancel();
    return { status: answer.status, code: null };
  }
  const text = await answer.text();
  let code = null;
  try { code = JSON.parse(text).code ?? null; } catch { /* media and pages */ }
  return { status: answer.status, code };
}

test('every route × everybody, before, during and after the lesson', async (t) => {
  const { json } = await startDemo(t);
  const { callers, teacher } = await everybody(json);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);
  const table = routes();
  let asked = 0;
  const phase = async (name, media) => {
    const wrong = [], seen = { refused: 0, open: 0 };
    for (const route of table) for (const caller of callers) {
      if (!route.roles[caller.site]) continue;
      // Logging out is for everybody and would end the session we go on with.
      if (route.path === '/api/v1/session' && route.method !== 'get') continue;
      const open = isOpen(route, caller);
      const { status, code } = await ask(route, caller, media, JSON.stringify(open ? {} : kWorking[route.path] ?? {}));
      asked++;
      const refused = [401, 403].includes(status);
      seen[open ? 'open' : 'refused']++;
      const line = `${route.method} ${route.path} at the ${caller.site} by ${caller.name}: ${status} ${code}`;
      if (open ? refused && !kStates.includes(code) : !refused || !code) wrong.push(line);
      if (!open && caller.role === null && status !== 401) wrong.push(`${line}: not 401`);
      if (route.path.startsWith('/rooms/{room}/hls') && caller.role && !open && code !== 'not_homeroom_teacher') wrong.push(`${line}: another code`);
      if (open || route.method === 'get') continue;
      // Whom a route is not for learns nothing of what it takes: the refusal is the same whatever is sent.
      const broken = await ask(route, caller, media, '{"broken');
      asked++;
      if (broken.status !== status || broken.code !== code) wrong.push(`${line}, but with a broken body ${broken.status} ${broken.code}`);
    }
    t.diagnostic(`${name}: ${seen.refused} refused, ${seen.open} open`);
    assert.deepEqual(wrong, [], name);
  };

  await phase('before the start', 'index.m3u8');
  assert.equal((await startLesson(teacher, room2)).status, 200);
  const { path, playlist } = await mediaPlaylist(teacher, lessonPath(room2));
  const segment = new URL(playlist.segments.at(-1).uri, `http://x${path}`).pathname.replace(`/rooms/${room2}/hls/`, '');
  await phase('while it plays, a playlist', 'live.m3u8');
  await phase('while it plays, a segment', segment);
  const phone = await login(json.player.http, json.accounts.teacher[room2], kPhone);
  for (const copied of [lessonPath(room2), `/rooms/${room2}/hls/${segment}`]) assert.equal((await (await phone(copied)).json()).code, 'desktop_only');
  assert.equal((await teacher(`/rooms/${room2}/hls/${segment}`)).status, 200, 'the lesson goes on untouched');
  assert.equal((await stopLesson(teacher, room2)).status, 200);
  await phase('after the stop, the copied segment', segment);
  assert.equal((await (await teacher(`/rooms/${room2}/hls/${segment}`)).json()).code, 'ended');
  t.diagnostic(`${table.length} routes, ${callers.length} callers, ${asked} requests`);
  assert.ok(asked > 600);
});
