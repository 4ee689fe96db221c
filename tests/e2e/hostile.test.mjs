// Whatever arrives: a clear refusal, a counter, no crash, no growth, and the
// lesson of the others goes on. More than 200 cases over RTMP, the relay's
// HTTP, the node's HTTP and the page's API.
import test from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { login, metric, startDemo } from '../support/demo.mjs';
import { HttpPlayer, lessonPath, room2, startLesson } from '../support/lesson.mjs';
import '../support/ends.mjs';
import { openFiles, residentBytes } from '../support/memory.mjs';
import { run } from '../support/process.mjs';
import { pause, until } from '../support/wait.mjs';

/** Sends bytes to a port, half-closes after them if told, resolves what came back (≤ 2 s). */
function poke(port, chunks, { end = true, waitMs = 2000 } = {}) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    let answer = Buffer.alloc(0);
    const finish = () => { socket.destroy(); done(answer); };
    const timer = setTimeout(finish, waitMs);
    socket.on('data', (chunk) => { answer = Buffer.concat([answer, chunk]).subarray(0, 65536); });
    socket.on('error', () => {});
    socket.on('close', () => { clearTimeout(timer); done(answer); });
    socket.on('connect', () => { for (const chunk of chunks) socket.write(chunk); if (end) socket.end(); });
  });
}

const c0c1 = Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(1528)]);
const c2 = randomBytes(1536);
const hello = Buffer.concat([c0c1, c2]);
const be = (value, width) => { const b = Buffer.alloc(width); b.writeUIntBE(value, 0, width); return b; };
const amfString = (text) => Buffer.concat([Buffer.from([2]), be(Buffer.byteLength(text), 2), Buffer.from(text)]);
const amfNumber = (n) => { const b = Buffer.alloc(9); b.writeDoubleBE(n, 1); return b; };
const amfObject = (members) => Buffer.concat([Buffer.from([3]), ...Object.entries(members).map(([k, v]) => Buffer.concat([be(k.length, 2), Buffer.from(k), v])), Buffer.from([0, 0, 9])]);
function message(type, body, { csid = 3, stream = 0, timestamp = 0, length = body.length } = {}) {
  const head = Buffer.concat([Buffer.from([csid]), be(timestamp, 3), be(length, 3), Buffer.from([type, stream, 0, 0, 0])]);
  const parts = [head];
  for (let at = 0; at < body.length; at += 128) parts.push(at ? Buffer.from([0xc0 | csid]) : Buffer.alloc(0), body.subarray(at, at + 128));
  return Buffer.concat(parts);
}
const connectCommand = (app = 'live') => message(20, Buffer.concat([amfString('connect'), amfNumber(1), amfObject({ app: amfString(app), tcUrl: amfString(`rtmp://x/${app}`) })]));
const createStream = message(20, Buffer.concat([amfString('createStream'), amfNumber(2), Buffer.from([5])]));
const play = (name) => message(20, Buffer.concat([amfString('play'), amfNumber(0), Buffer.from([5]), amfString(name)]), { stream: 1 });
const publish = (name) => message(20, Buffer.concat([amfString('publish'), amfNumber(0), Buffer.from([5]), amfString(name), amfString('live')]), { stream: 1 });

function rtmpCases(key) {
  const cases = {};
  const session = (...parts) => [hello, connectCommand(), createStream, ...parts];
  for (const size of [0, 1, 2, 100, 1536, 1537, 2000, 3072]) cases[`handshake cut after ${size} bytes`] = [hello.subarray(0, size)];
  for (const version of [0, 1, 6, 31, 0x47, 0xff]) cases[`handshake version ${version}`] = [Buffer.concat([Buffer.from([version]), hello.subarray(1)])];
  cases['an HTTP request'] = [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')];
  cases['a TLS hello'] = [Buffer.from('16030100f8010000f40303', 'hex'), randomBytes(200)];
  for (const size of [0, 0x80000000, 0xffffffff, 0x7fffffff, 1]) cases[`chunk size ${size}`] = [hello, message(1, be(size, 4)), connectCommand()];
  for (const length of [0xffffff, 0x900000, 1]) cases[`message length ${length}`] = [hello, message(20, Buffer.alloc(10), { length })];
  for (const type of [0, 7, 10, 13, 16, 19, 21, 23, 99, 255]) cases[`message type ${type}`] = session(message(type, randomBytes(40)));
  for (const short of [1, 2, 3, 5, 6]) cases[`control message of ${6 - short} bytes`] = [hello, message(short, be(1, Math.max(1, 6 - short)))];
  for (let fmt = 1; fmt <= 3; fmt++) cases[`first chunk of format ${fmt}`] = [hello, Buffer.from([fmt << 6 | 3, ...randomBytes(20)])];
  for (const csid of [0, 1]) cases[`csid escape ${csid}, cut`] = [hello, Buffer.from([csid])];
  const bodies = {
    'empty command': Buffer.alloc(0), 'command that is a number': amfNumber(1), 'string length past the end': Buffer.from([2, 0xff, 0xff, 65]),
    'long string of 4 GB': Buffer.from([12, 0xff, 0xff, 0xff, 0xff]), 'array of 4 G': Buffer.concat([amfString('connect'), amfNumber(1), Buffer.from([8, 0xff, 0xff, 0xff, 0xff])]),
    'object without end': Buffer.concat([amfString('connect'), amfNumber(1), Buffer.from([3, 0, 1, 65, 5])]), 'unknown marker': Buffer.concat([amfString('connect'), Buffer.from([0x55])]),
    'nested 2000 deep': Buffer.concat([amfString('connect'), amfNumber(1), ...Array.from({ length: 2000 }, () => Buffer.from([3, 0, 1, 65]))]),
    'connect without an app': Buffer.concat([amfString('connect'), amfNumber(1), amfObject({})]), 'NaN transaction': Buffer.concat([amfString('connect'), amfNumber(NaN), amfObject({ app: amfString('live') })]),
  };
  for (const [name, body] of Object.entries(bodies)) cases[name] = [hello, message(20, body)];
  cases['play before connect'] = [hello, play('main')];
  cases['publish before connect'] = [hello, publish(`main?key=${key}`)];
  cases['createStream a thousand times'] = [hello, connectCommand(), ...Array.from({ length: 1000 }, () => createStream)];
  cases['media without publish'] = session(message(9, randomBytes(100), { stream: 1 }));
  for (const name of ['', '..', '../main', '%00', 'main%00', 'a'.repeat(4096), '课堂', 'main?token=', 'main?token=x.y.z', `main?token=${'A'.repeat(10000)}`, 'nobody', 'main?key=wrong', 'main/../test', '\u0000'])
    cases[`play ${JSON.stringify(name.slice(0, 20))} of ${name.length}`] = session(play(name));
  for (const name of ['main', 'main?key=', 'main?key=wrong', `main?key=${key.slice(0, -1)}`, `main?key=${key}x`, 'other?key=x', `main?key=${'k'.repeat(5000)}`, `main?resume=1&key=wrong`])
    cases[`publish ${JSON.stringify(name.slice(0, 24))} of ${name.length}`] = session(publish(name));
  for (let i = 0; i < 20; i++) cases[`random bytes after the handshake ${i}`] = [hello, randomBytes(50 + i * 97)];
  return cases;
}

function httpCases() {
  const get = (target, headers = '', method = 'GET', version = 'HTTP/1.1') => Buffer.from(`${method} ${target} ${version}\r\nHost: x\r\n${headers}\r\n`);
  const cases = {
    'nothing': [Buffer.alloc(0)], 'a newline': [Buffer.from('\r\n\r\n')], 'binary': [randomBytes(300)], 'no version': [Buffer.from('GET /\r\n\r\n')],
    'HTTP/9.9': [get('/', '', 'GET', 'HTTP/9.9')], 'header without colon': [get('/', 'nonsense\r\n')], 'a header of 100 KB': [get('/', `X: ${'a'.repeat(100_000)}\r\n`)],
    'ten thousand headers': [get('/', 'A: b\r\n'.repeat(10_000))], 'a target of 100 KB': [get(`/${'a'.repeat(100_000)}`)], 'two lengths': [get('/api/v1/session', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'POST')],
    'negative length': [get('/api/v1/session', 'Content-Length: -1\r\n', 'POST')], 'length of 4 GB': [get('/api/v1/session', 'Content-Length: 4294967296\r\n', 'POST')],
    'length and chunked': [get('/api/v1/session', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'POST'), Buffer.from('0\r\n\r\n')],
    'bad chunk': [get('/api/v1/session', 'Transfer-Encoding: chunked\r\n', 'POST'), Buffer.from('ZZ\r\n')], 'cut request line': [Buffer.from('GET /api')],
    'absolute target': [get('http://elsewhere/')], 'asterisk': [get('*', '', 'OPTIONS')], 'CONNECT': [get('x:1', '', 'CONNECT')], 'TRACE': [get('/', '', 'TRACE')], 'PUT': [get('/', '', 'PUT')],
  };
  for (const path of ['/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/%', '/%zz', '/%00', '/hls/%00/x', '/hls/main/../../x', '//', '/hls//live.m3u8', '/\\', '/hls/main/live.m3u8/extra', '/hls/main/1/99999999999999999999.m4s', '/hls/main/-1/-1.m4s',
    '/hls/main/live.m3u8?_HLS_msn=abc', '/hls/main/live.m3u8?_HLS_msn=-5', '/hls/main/live.m3u8?_HLS_part=1', '/api/v1/rooms/../streams', '/api/v1/rooms/%F0%9F%92%A9', '/rooms/x/hls/index.m3u8', '/rooms/../hls', '/metrics/..', '/api/v2/none', '/api/v1/rooms/510113-02/tests/../../x'])
    cases[`path ${path}`] = [get(path)];
  for (let i = 0; i < 10; i++) cases[`random token ${i}`] = [get('/hls/main/live.m3u8', `Authorization: Bearer ${randomBytes(20 + i * 40).toString('base64url')}\r\n`)];
  return cases;
}

const kBodies = [
  '', '{', '[]', 'null', '1', '"x"', '{"action":1}', '{"action":"dance"}', '{"action":["start"]}', '{"action":"start","reason":5}', `{"action":"start","reason":"${'长'.repeat(50_000)}"}`,
  '{"minutes":0}', '{"minutes":61}', '{"minutes":-1}', '{"minutes":1.5}', '{"minutes":"8"}', '{"minutes":1e400}', '{"minutes":null}', '{"a":'.repeat(5000), '\u0000', '{"page":"p"}',
  '{"page":"p","purpose":"lesson","seq":1,"sent_performance_now":1e308,"samples":[]}', '{"page":"p","purpose":"x","seq":-1,"sent_performance_now":0,"samples":{}}',
  '{"page":"p","purpose":"lesson","seq":1,"sent_performance_now":0,"samples":[{"performance_now":-1,"media_time":"x","presented":1e99,"buffered":-5,"visible":3}]}',
  `{"page":"${'p'.repeat(100_000)}","purpose":"lesson","seq":1,"sent_performance_now":0,"samples":[]}`, `{"account":"${'a'.repeat(70_000)}","password":"x"}`, '{"account":{},"password":[]}', '{"account":"a\\u0000b","password":"x"}',
];

/** A socket that sends nothing; whatever becomes of it is no fault. */
const open = (port) => new Promise((done) => {
  const socket = connect(port, '127.0.0.1', () => done(socket));
  socket.on('error', () => done(socket));
});

test('hostile input harms nobody', async (t) => {
  const { json } = await startDemo(t);
  const node = json.player.http, teacher = await login(node, json.accounts.teacher[room2]);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 30);
  assert.equal((await startLesson(teacher, room2)).status, 200);
  const player = new HttpPlayer(teacher, lessonPath(room2));
  await until('it plays', () => player.segments.size >= 3, 30);
  const rss = (pid) => residentBytes(pid) / (1 << 20);
  const ports = { rtmp: Number(new URL(json.relay.rtmp).port), relay: Number(new URL(json.relay.http).port), player: Number(new URL(node).port) };
  const before = { relay: rss(json.relay.pid), player: rss(json.player.pid), fds: openFiles(json.relay.pid), refused: await metric(json.relay.http, 'tongke_refused_total') ?? 0 };
  let count = 0;

  await t.test('over RTMP', async (t2) => {
    const cases = Object.entries(rtmpCases(new URL(json.publish_url).searchParams.get('key')));
    for (let at = 0; at < cases.length; at += 16) await Promise.all(cases.slice(at, at + 16).map(([, chunks]) => poke(ports.rtmp, chunks)));
    count += cases.length;
    t2.diagnostic(`${cases.length} cases`);
    const answer = await poke(ports.rtmp, [hello, connectCommand(), createStream, publish('main?key=wrong')], { end: false });
    assert.match(answer.toString('latin1'), /NetStream\.Publish\.BadName|NetConnection\.Connect\.Rejected/);
  });
  await t.test('over HTTP', async (t2) => {
    for (const [port, site] of [[ports.relay, json.relay.http], [ports.player, node]]) {
      const cases = Object.entries(httpCases()), counted = await metric(site, 'tongke_refused_total') ?? 0;
      let refused = 0;
      for (let at = 0; at < cases.length; at += 16)
        await Promise.all(cases.slice(at, at + 16).map(async ([name, chunks]) => {
          const status = (await poke(port, chunks)).toString('latin1').match(/^HTTP\/1\.[01] (\d+)/)?.[1];
          assert.ok(!status || Number(status) < 500 || status === '503', `${name}: ${status}`);
          if (status >= 400 && status < 500) refused++;
        }));
      const more = await metric(site, 'tongke_refused_total') - counted;
      assert.ok(more >= refused && refused > 30, `port ${port}: ${refused} were refused, ${more} counted`);
      count += cases.length;
      t2.diagnostic(`${cases.length} cases at port ${port}`);
    }
  });
  await t.test('over the page’s API', async (t2) => {
    let cases = 0;
    const counted = await metric(node, 'tongke_refused_total') ?? 0;
    for (const path of ['/api/v1/session', `/api/v1/rooms/${room2}/playback`, `/api/v1/rooms/${room2}/tests`, `/api/v1/rooms/${room2}/beacons`]) {
      for (const body of kBodies) {
        const answer = await teacher(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        assert.ok(answer.status >= 400 && answer.status < 500, `${path} ${body.slice(0, 60)}: ${answer.status}`);
        const problem = await answer.json();
        assert.ok(problem.code && problem.detail, JSON.stringify(problem));
        cases++;
      }
      const wrongType = await teacher(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
      assert.ok([400, 415].includes(wrongType.status), `${path}: ${wrongType.status}`);
    }
    assert.ok(await metric(node, 'tongke_refused_total') - counted >= cases, 'every refusal of the page’s API is counted');
    count += cases;
    t2.diagnostic(`${cases} cases`);
  });
  await t.test('sockets that are held open and do nothing keep nobody out', async (t2) => {
    const doors = [['the node’s pages', ports.player, 4096], ['the relay’s HTTP', ports.relay, 8192], ['the relay’s RTMP', ports.rtmp, 8192]];
    for (const [name, port, limit] of doors) {
      const sockets = [];
      t2.after(() => sockets.forEach((socket) => socket.destroy()));
      for (let i = 0; i < limit + 200; i++) sockets.push(await open(port));
      if (port === ports.rtmp) {
        const end = await run(t2, 'ffmpeg', ['-hide_banner', '-loglevel', 'error', '-i', `${json.relay.rtmp}/live/main?token=${json.play_token}`, '-t', '1', '-f', 'null', '-'], { timeoutSeconds: 30 });
        assert.equal(end.code, 0, `${name}: ${end.stderr}`);
      } else {
        assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200, name);
      }
      t2.diagnostic(`${name}: served with ${sockets.length} idle sockets held open`);
      for (const socket of sockets) socket.destroy();
    }
    assert.equal((await login(node, json.accounts.teacher[room2])).cookie.length > 20, true);
  });

  await pause(3000);
  const after = { relay: rss(json.relay.pid), player: rss(json.player.pid), fds: openFiles(json.relay.pid), refused: await metric(json.relay.http, 'tongke_refused_total') };
  t.diagnostic(`${count} hostile cases; relay ${before.relay.toFixed(0)} → ${after.relay.toFixed(0)} MB, node ${before.player.toFixed(0)} → ${after.player.toFixed(0)} MB, descriptors ${before.fds} → ${after.fds}, refused ${before.refused} → ${after.refused}`);
  assert.ok(count >= 200);
  assert.ok(after.refused > before.refused, 'nothing was counted');
  assert.ok(after.fds <= before.fds + 8, 'descriptors leak');
  await player.stop();
  assert.deepEqual(player.holes(), []);
  assert.deepEqual(player.statuses, [], 'the lesson was disturbed');
  const verified = await run(t, json.relay.argv[0], ['--config', json.relay.config, 'audit', 'verify']);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const end = readFileSync(`/proc/${json.relay.pid}/stat`, 'utf8');
  assert.ok(end, 'the relay lives');
});
