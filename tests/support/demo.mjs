// A whole Tongke for a test: the same supervisor as scripts/demo, on free
// ports, with a state folder of its own that goes with the test.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Child, root, run } from './process.mjs';
import { watchPlaylist } from './playlist_watch.mjs';
import { temporaryFolder } from './temporary_folder.mjs';
import { until } from './wait.mjs';

const canListen = (port) => new Promise((done) => {
  const probe = createServer();
  probe.once('error', () => done(false));
  probe.listen(port, () => probe.close(() => done(true)));
});

/** The first of `count` free consecutive ports. */
export async function freePorts(count = 3) {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => canListen(base + i)));
    if (free.every(Boolean)) return base;
  }
}

/** → {json, dir, child, http(path…)…}; `args` as of scripts/demo. */
export async function startDemo(test, args = [], onPorts = () => {}) {
  const dir = temporaryFolder();
  const base = await freePorts(3);
  onPorts(base);  // a proxy in front of the relay learns its target here
  const child = new Child(test, process.execPath, [join(root, 'scripts/lib/demo.mjs'), '--dir', dir, '--base-port', String(base), ...args]);
  await until('demo.json is written', () => {
    if (child.result) throw Object.assign(new Error(`the demo ended: ${child.stdout}${child.stderr}`));
    return existsSync(join(dir, 'demo.json')) && readFileSync(join(dir, 'demo.json'), 'utf8').endsWith('}');
  }, 60);
  const json = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
  watchPlaylist(test, 'main at the relay', `${json.relay.http}/hls/main/live.m3u8`, json.play_token);
  const relayCli = (...words) => run(test, json.relay.argv[0], ['--config', json.relay.config, ...words]);
  return { dir, json, child, base, relayCli };
}

/** Logs in; resolves a `fetch` that carries the cookie, as a browser on a PC would. */
export async function login(site, { account, password }, headers = {}) {
  const answer = await fetch(`${site}/api/v1/session`, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ account, password }),
  });
  if (!answer.ok) throw Object.assign(new Error(`login of ${account}: ${answer.status} ${await answer.text()}`), { status: answer.status });
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const call = (path, options = {}) => fetch(site + path, { ...options, headers: { cookie, ...headers, ...options.headers } });
  call.cookie = cookie;
  call.json = async (path, options) => {
    const reply = await call(path, options);
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: text ? JSON.parse(text) : null };
  };
  call.post = (path, body) => call.json(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return call;
}

/** One metric's value (labels in any order), or null. */
export async function metric(site, name, labels = {}) {
  const text = await (await fetch(`${site}/metrics`)).text();
  let sum = null;
  for (const line of text.split('\n')) {
    const found = line.match(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/);
    if (!found || found[1] !== name) continue;
    const has = Object.fromEntries([...(found[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1], m[2]]));
    if (Object.entries(labels).every(([k, v]) => has[k] === v)) sum = (sum ?? 0) + Number(found[3]);
  }
  return sum;
}
