// A node (and the relay's console) that speaks the API of CONTRACT §6 with real
// media, for testing the pages alone. Its `room` is plain data that a test
// changes; `away`, `holding` and `beaconsRefused` are its faults.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { countyRooms, failedTest, finishedTest, iso, kAccounts, kHelp, kRoom, lesson, roomEvents, sentence, sources, word } from './mock_data.mjs';

const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
export const kContentSecurityPolicy = "default-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

class Refusal extends Error {
  constructor(status, code, detail, more = {}) { super(code); Object.assign(this, { status, body: { type: 'about:blank', title: code, status, code, detail, ...more } }); }
}

export class Mock {
  sessions = new Map();
  beacons = [];
  requests = [];
  away = false;
  holding = false;
  beaconsRefused = false;
  skewMs = 0;             // the node's clock against this machine's
  tests = [];
  rooms = null;           // the county's list; countyRooms() by default
  room = { state: null, slot: lesson(), next_slot: null, debug_window: null, next_debug_window: null, start: null, test: { allowed: true }, upstream: {}, buffer: {} };
  lease = null;
  reasons = [];
  sse = new Set();

  constructor(pages, media = null) { this.pages = pages; this.media = media; }

  async listen() {
    this.server = createServer((request, response) => {
      if (this.away) { request.socket.destroy(); return; }
      if (this.holding) return;
      this.answer(request, response).catch((error) => {
        if (!(error instanceof Refusal)) console.error(error);
        const refusal = error instanceof Refusal ? error : new Refusal(500, 'mock_fault', String(error));
        this.json(response, refusal.status, refusal.body, 'application/problem+json');
      });
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    for (const response of this.sse) response.end();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** The node stops answering and drops what is open, as a killed process does. */
  kill() { this.away = true; this.server.closeAllConnections(); }
  revive() { this.away = false; }
  hold() { this.holding = true; }
  release() { this.holding = false; this.server.closeAllConnections(); }

  now() { return Date.now() + this.skewMs; }
  /** Tells the consoles which rooms changed, as the relay does. */
  changed(rooms) {
    const list = JSON.stringify({ now: iso(this.now()), sentence, rooms });
    for (const response of this.sse) response.write(`event: rooms\ndata: ${list}\n\n`);
  }

  json(response, status, body, type = 'application/json') {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', date: new Date(this.now()).toUTCString() });
    response.end(body === null ? '' : JSON.stringify(body));
  }

  session(request) {
    const id = request.headers.cookie?.match(/tongke_player=(\w+)/)?.[1];
    const session = this.sessions.get(id);
    if (!session) throw new Refusal(401, 'not_logged_in', '请先登录。');
    return { id, ...session };
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    this.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/healthz' || url.pathname === '/readyz') return this.json(response, 200, { ok: true });
    if (url.pathname.startsWith('/api/v1/')) return this.api(request, response, url);
    if (url.pathname.startsWith('/rooms/')) return this.hls(request, response, url);
    const name = url.pathname === '/' || url.pathname === '/county' ? '/index.html' : url.pathname;
    const file = join(this.pages, name);
    if (!existsSync(file)) { response.writeHead(404); return response.end(); }
    response.writeHead(200, { 'content-type': kTypes[extname(file)], 'content-security-policy': kContentSecurityPolicy });
    return response.end(readFileSync(file));
  }

  async api(request, response, url) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : null;
    const path = url.pathname.slice('/api/v1'.length);
    if (path === '/session') return this.sessionCall(request, response, body);
    const who = this.session(request);
    if (path === '/streams' && who.role !== 'operator') throw new Refusal(403, 'forbidden', '没有这个权限。');
    if (path === '/streams') return this.json(response, 200, { streams: sources(this.now()) });
    if (path === '/events') return this.events(request, response);
    if (path === '/rooms') return this.json(response, 200, { now: iso(this.now()), sentence, rooms: this.rooms ?? countyRooms(this.now()) });
    const [, room, rest = ''] = path.match(/^\/rooms\/([^/]+)(\/.*)?$/) ?? [];
    if (!room) throw new Refusal(404, 'not_found', '没有这个地址。');
    if (rest === '') return this.json(response, 200, this.view(who));
    if (rest === '/playback') return this.playback(response, who, body);
    if (rest === '/beacons') return this.beacon(response, body);
    if (rest === '/events') return this.json(response, 200, url.searchParams.get('after') ? { events: [], next: '5d1c:3' } : { events: roomEvents(room, this.now()), next: '5d1c:3' });
    if (rest === '/tests' && request.method === 'POST') return this.startTest(response, who, body);
    if (rest === '/tests') return this.json(response, 200, { tests: this.tests.map((test) => this.test(test)) });
    const id = rest.match(/^\/tests\/(\w+)$/)?.[1];
    const found = this.tests.find((test) => test.id === id);
    if (!found) throw new Refusal(404, 'not_found', '没有这条记录。');
    return this.json(response, 200, this.test(found));
  }

  sessionCall(request, response, body) {
    if (request.method === 'DELETE') { this.sessions.delete(this.session(request).id); return this.json(response, 204, null); }
    if (request.method === 'GET') { const { id: _id, password: _password, ...session } = this.session(request); return this.json(response, 200, session); }
    const known = Object.values(kAccounts).find((each) => each.account === body.account);
    if (!known) throw new Refusal(401, 'unknown_account', '没有这个账号。请核对账号，或请县技术查一查。');
    if (known.password !== body.password) throw new Refusal(401, 'wrong_password', '密码不对，还可以再试 4 次。忘记密码请找县技术重置。');
    const id = Math.random().toString(36).slice(2);
    const { password: _password, ...session } = known;
    this.sessions.set(id, session);
    response.setHeader('set-cookie', `tongke_player=${id}; HttpOnly; SameSite=Strict; Path=/`);
    return this.json(response, 200, session);
  }

  events(request, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': open\n\n');
    this.sse.add(response);
    request.on('close', () => this.sse.delete(response));
  }

  view(who) {
    const { room } = this;
    const started = this.lease !== null;
    const yours = this.lease?.session === who.id;
    const start = room.start ?? (started && !yours ? { allowed: false, code: 'already_controlled', detail: '正在另一台电脑上播放。' } : { allowed: true });
    const state = room.state ?? (started ? 'playing' : room.slot?.kind === 'lesson' ? 'due_not_started' : 'not_due');
    return {
      room: kRoom, now: iso(this.now()), state, state_word: word(state), state_since: iso(this.now() - 60_000),
      slot: room.slot, next_slot: room.next_slot, debug_window: room.debug_window, next_debug_window: room.next_debug_window,
      playback: { started, started_at: started ? iso(this.lease.at) : null, by: started ? '李老师' : null, yours, playlist: `/rooms/${kRoom.id}/hls/index.m3u8` },
      may: { start, stop: { allowed: yours }, test: room.test },
      buffer: { pc_s: null, node_s: 9, target_s: 8, ...room.buffer }, latency: { seconds: null, bound_s: null },
      upstream: { transport: 'hls', connected: true, stalled_since: null, ...room.upstream },
      stalls: { count: 0, seconds: 0, open: null, last: null }, last_test: null, help: kHelp,
    };
  }

  playback(response, who, body) {
    if (who.role !== 'teacher') throw new Refusal(403, 'not_homeroom_teacher', '只有本课堂的班主任可以播放。');
    if (body.action === 'stop') { this.lease = null; return this.json(response, 200, this.view(who)); }
    if (this.lease && this.lease.session !== who.id && body.take_over !== 'take-1')
      throw new Refusal(409, 'already_controlled', '正在另一台电脑上播放。', { take_over: 'take-1' });
    if (this.room.start?.code === 'outside_schedule' && !body.reason) throw new Refusal(409, 'outside_schedule', '现在不在播放时段。', { next: this.room.start.next });
    if (body.reason) this.reasons.push(body.reason);
    this.lease = { session: who.id, at: this.now() };
    return this.json(response, 200, this.view(who));
  }

  beacon(response, body) {
    if (this.beaconsRefused) throw new Refusal(503, 'disk_full', '节点暂时不能保存。');
    this.beacons.push(body);
    return this.json(response, 204, null);
  }

  startTest(response, who, { minutes }) {
    if (!this.room.test.allowed) throw new Refusal(409, 'outside_window', '现在不在调试时段。', { next: this.room.test.next });
    const id = `t${this.tests.length + 1}`;
    const begin = this.now();
    this.tests.push({ id, minutes, begin, seconds: this.testSeconds ?? minutes * 60, by: who.name, outcome: this.outcome ?? 'passed' });
    return this.json(response, 201, { id });
  }

  test({ id, minutes, begin, seconds, by, outcome }) {
    const left = Math.max(0, seconds - (this.now() - begin) / 1000);
    const make = outcome === 'failed' ? failedTest : finishedTest;
    const running = left > 0 ? { state: 'running', verdict: null, end: null, seconds_left: left } : {};
    return make(id, {}) && { ...make(id), minutes, begin: iso(begin), end: iso(begin + seconds * 1000), started_by: by, ...running };
  }

  async hls(request, response, url) {
    const who = this.session(request);
    const [, testing, name] = url.pathname.match(/^\/rooms\/[^/]+(\/test)?\/hls\/(.+)$/) ?? [];
    if (!testing && this.lease?.session !== who.id) throw new Refusal(403, 'not_started', '本课堂还没有开始播放。');
    const send = (type, bytes) => { response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(bytes) }); response.end(bytes); };
    if (name === 'index.m3u8') return send('application/vnd.apple.mpegurl', this.media.master());
    if (name === 'live.m3u8') {
      const msn = url.searchParams.get('_HLS_msn');
      if (msn !== null && !(await this.media.wait(Number(msn)))) throw new Refusal(503, 'no_segment', '上级线路中断。');
      return send('application/vnd.apple.mpegurl', this.media.playlist());
    }
    let bytes;
    try { bytes = this.media.file(name); } catch { throw new Refusal(404, 'not_found', '没有这个分片。'); }
    return send('video/mp4', bytes);
  }
}
