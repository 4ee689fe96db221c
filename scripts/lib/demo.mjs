// The demo's supervisor (CONTRACT §1): prepares a folder, starts relay, node
// and publishers, writes demo.json when all is up, reports a child that ends
// and never restarts it, stops everything on Ctrl-C or after --seconds.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { dirname, join, resolve } from 'node:path';
import { demoOptions } from './demo_options.mjs';
import { accountsForReaders, kCounty, kRooms, loadCredentials, writeConfigs, writePrivate, writeRoster, writeSchedule } from './demo_state.mjs';
import { publisherArguments } from './main_classroom.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const bin = (name) => join(root, 'build/release/bin', name);
const children = [];
let stopping = false, faults = 0;

const say = (text) => console.log(text);
const fail = (text) => { console.error(`demo: ${text}`); faults++; };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function start(name, command, args, dir) {
  const log = createWriteStream(join(dir, `${name}.log`), { flags: 'a', mode: 0o600 });
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });  // Ctrl-C is ours to pass on
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const entry = { name, child, ended: null };
  entry.gone = new Promise((done) => child.once('exit', (code, signal) => {
    entry.ended = signal ?? code;
    if (!stopping) fail(`${name} ended (${signal ?? `exit ${code}`}); not restarted. Its log: ${join(dir, `${name}.log`)}`);
    done();
  }));
  child.once('error', (error) => fail(`${name} could not start: ${error.message}`));
  children.push(entry);
  return entry;
}

function command(program, args, input = undefined) {
  const run = spawnSync(program, args, { input, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${[program.split('/').pop(), ...args].join(' ')} failed (${run.status ?? run.signal}):\n${run.stdout}${run.stderr}`);
  return run.stdout;
}

async function until(what, condition, seconds) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const dead = children.find((entry) => entry.ended !== null);
    if (dead) throw new Error(`${dead.name} ended while waiting for ${what}`);
    if (await condition().catch(() => false)) return;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(100);
  }
}

function assertFree(port) {
  return new Promise((done, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(new Error(`port ${port} is taken: choose others with --base-port`)));
    probe.listen(port, () => probe.close(done));
  });
}

async function prepareRelay(options, credentials, relay) {
  command(bin('tongke-relay'), [...relay, 'roster', 'import', writeRoster(options.dir, credentials)]);
  command(bin('tongke-relay'), [...relay, 'schedule', 'import', writeSchedule(options.dir, options.schedule)]);
  for (const person of Object.values(credentials.office)) {
    const county = person.county ? ['--county', person.county] : [];
    command(bin('tongke-relay'), [...relay, 'account', 'set', '--account', person.account, '--role', person.role, '--name', person.name, ...county], `${person.password}\n`);
  }
}

function enrolNode(relay, player, relayUrl) {
  const code = command(bin('tongke-relay'), [...relay, 'node', 'invite', '--county', kCounty.code]).trim().split('\n').pop().trim();
  command(bin('tongke-player'), [...player, 'enroll', '--relay', relayUrl, '--code', code]);
}

async function run(options) {
  const { dir, ports } = options;
  rmSync(join(dir, 'demo.json'), { force: true });
  for (const port of Object.values(ports)) await assertFree(port);
  const credentials = loadCredentials(dir);
  const scheme = options.tls ? 'https' : 'http';
  const url = { rtmp: `rtmp://127.0.0.1:${ports.rtmp}`, relay: `${scheme}://127.0.0.1:${ports.relay}`, player: `${scheme}://127.0.0.1:${ports.player}` };
  const config = writeConfigs(options, credentials, url.relay);
  const argv = { relay: [bin('tongke-relay'), '--config', config.relay], player: [bin('tongke-player'), '--config', config.player] };
  if (config.ca) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';  // our own certificate, this process only

  const relay = start('relay', argv.relay[0], [...argv.relay.slice(1), 'serve'], dir);
  await until('the relay', async () => (await fetch(`${url.relay}/healthz`)).ok, 20);
  await prepareRelay(options, credentials, argv.relay.slice(1));
  if (!(await enrolled(dir))) enrolNode(argv.relay.slice(1), argv.player.slice(1), url.relay);
  const player = start('player', argv.player[0], [...argv.player.slice(1), 'serve'], dir);
  await until('the county node', async () => (await fetch(`${url.player}/readyz`)).ok, 20);

  const publish = (stream, key) => `${url.rtmp}/live/${stream}?key=${key}`;
  let publisher = null;
  if (options.publisher) publisher = start('publisher', 'ffmpeg', publisherArguments(publish('main', credentials.publish_key), '主课堂 演示画面'), dir);
  if (publisher) await until('the main classroom’s picture', () => mediaAt(url.relay, 'main', playToken(argv.relay)), 30);

  const description = {
    relay: { rtmp: url.rtmp, http: url.relay, pid: relay.child.pid, argv: [...argv.relay, 'serve'], config: config.relay, data_dir: join(dir, 'relay') },
    player: { http: url.player, pid: player.child.pid, argv: [...argv.player, 'serve'], config: config.player, data_dir: join(dir, 'player') },
    publisher: publisher ? { pid: publisher.child.pid } : null,
    stream: 'main', publish_url: publish('main', credentials.publish_key), play_token: playToken(argv.relay),
    rooms: kRooms.map(({ id, name }) => ({ id, name })),
    accounts: accountsForReaders(credentials),
  };
  writePrivate(join(dir, 'demo.json'), JSON.stringify(description, null, 2));
  tell(description, options);
  return description;
}

async function enrolled(dir) {
  const { existsSync } = await import('node:fs');
  return existsSync(join(dir, 'player/node.json'));
}

let token = null;
function playToken(relayArgv) {
  token ??= command(relayArgv[0], [...relayArgv.slice(1), 'token', 'play', '--stream', 'main', '--node', 'demo', '--ttl', '24h']).trim();
  return token;
}

async function mediaAt(relay, stream, playToken) {
  const answer = await fetch(`${relay}/hls/${stream}/live.m3u8`, { headers: { authorization: `Bearer ${playToken}` } });
  return answer.ok && (await answer.text()).includes('#EXTINF');
}

function tell(description, options) {
  const { accounts } = description;
  say('');
  say(`  班主任与技术人员  ${description.player.http}/`);
  for (const room of description.rooms) {
    const teacher = accounts.teacher[room.id], technician = accounts.technician[room.id];
    say(`    ${room.id} ${room.name}`);
    say(`      班主任  账号 ${teacher.account}  密码 ${teacher.password}`);
    say(`      技术人员 账号 ${technician.account}  密码 ${technician.password}`);
  }
  say(`  县技术（中心）    ${description.relay.http}/        账号 ${accounts.county_it.account}  密码 ${accounts.county_it.password}`);
  say(`  县技术（本县节点）${description.player.http}/county  同一账号`);
  say(`  值班员           ${description.relay.http}/        账号 ${accounts.operator.account}  密码 ${accounts.operator.password}`);
  const administrators = { system: '系统管理员', security: '安全管理员', audit: '审计管理员' };
  for (const [kind, name] of Object.entries(administrators))
    say(`  ${name}       ${description.relay.http}/        账号 ${accounts.administrators[kind].account}  密码 ${accounts.administrators[kind].password}`);
  say(`  主课堂推流地址    ${description.publish_url}${options.publisher ? '（演示画面正在推送）' : '（等待您推流）'}`);
  say(`  全部地址与账号    ${join(options.dir, 'demo.json')}`);
  say('');
  say(options.seconds ? `  running for ${options.seconds} s` : '  running; Ctrl-C stops everything');
}

/** What "everything worked" means at the end of --seconds. */
async function verify(description, options) {
  if (options.publisher && !(await mediaAt(description.relay.http, 'main', description.play_token).catch(() => false)))
    fail('the relay serves no media playlist of the main classroom');
  const metrics = await fetch(`${description.player.http}/metrics`).then((r) => r.text()).catch(() => '');
  const received = Number(metrics.match(/^tongke_upstream_received_bytes_total(?:\{[^}]*\})? ([\d.e+]+)/m)?.[1] ?? 0);
  if (options.publisher && options.schedule === 'open' && !(received > 0)) fail('the county node received nothing from upstream');
}

async function stopAll() {
  if (stopping) return;
  stopping = true;
  for (const entry of [...children].reverse()) {
    if (entry.ended === null) entry.child.kill('SIGTERM');
    const late = setTimeout(() => { fail(`${entry.name} did not stop within 10 s`); entry.child.kill('SIGKILL'); }, 10_000);
    await entry.gone;
    clearTimeout(late);
    if (/^(relay|player)$/.test(entry.name) && ![0, 'SIGKILL'].includes(entry.ended)) fail(`${entry.name} ended with ${entry.ended}`);
  }
}

let options;
try {
  options = demoOptions(process.argv.slice(2), root);
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exit(64);
}
const interrupted = new Promise((done) => { process.once('SIGINT', done); process.once('SIGTERM', done); });
try {
  const description = await Promise.race([run(options), interrupted]);
  if (description) {
    await Promise.race([interrupted, options.seconds ? pause(options.seconds * 1000) : new Promise(() => setInterval(() => {}, 1 << 30))]);
    if (options.seconds) await verify(description, options);
  }
} catch (error) {
  fail(error.message);
}
await stopAll();
process.exit(faults ? 1 : 0);
