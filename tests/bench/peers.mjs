// The servers that the bench compares: ours, and nginx with its RTMP module as
// Debian packages it. Each is pinned to core 0; loads run on the other cores.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../support/demo.mjs';
import { residentBytes } from '../support/memory.mjs';
import { Child, program } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { until } from '../support/wait.mjs';
import { connect } from 'node:net';

const kTicks = 100;  // USER_HZ

/** CPU seconds (user + system, all threads) and resident bytes of processes. */
export function usage(pids) {
  let cpu = 0, rss = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    cpu += (Number(fields[11]) + Number(fields[12])) / kTicks;
    rss += residentBytes(pid);
  }
  return { cpu, rss };
}

function pin(pid) {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const child = new Child(null, 'taskset', ['-pc', '0', thread]);
    child.ended.catch(() => {});
  }
}

const canConnect = (port) => new Promise((done) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
  socket.once('error', () => done(false));
});

const workersOf = (child) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  try { return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(child.pid); } catch { return false; }
}).map(Number);

export async function startNginx(scope, dir, { chunkSize = null } = {}) {
  const port = await freePorts(1);
  const prefix = join(dir, `nginx${chunkSize ?? ''}`);
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  writeFileSync(join(prefix, 'nginx.conf'), `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
worker_processes 1; daemon off; pid ${join(prefix, 'nginx.pid')}; error_log ${join(prefix, 'logs/error.log')} error;
worker_rlimit_nofile 65535;
events { worker_connections 16384; }
rtmp { server { listen ${port}; ${chunkSize ? `chunk_size ${chunkSize};` : ''} access_log off; application live { live on; } } }
`);
  const child = new Child(scope, 'nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'logs/error.log')]);
  await until('nginx listens', () => canConnect(port), 10);
  await until('nginx has its worker', () => workersOf(child).length === 1, 10);
  pin(workersOf(child)[0]);
  return { name: chunkSize ? `nginx-rtmp, chunk_size ${chunkSize}` : 'nginx-rtmp, defaults', port, pids: workersOf(child), publishUrl: `rtmp://127.0.0.1:${port}/live/main`, path: 'live/main', stop: () => child.stop() };
}

/** nginx as a server of files, from `folder`. */
export async function startNginxFiles(scope, dir, folder) {
  const port = await freePorts(1), prefix = join(dir, 'nginx-files');
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  writeFileSync(join(prefix, 'nginx.conf'), `worker_processes 1; daemon off; user root; pid ${join(prefix, 'nginx.pid')}; error_log ${join(prefix, 'logs/error.log')} error;
worker_rlimit_nofile 65535;
events { worker_connections 16384; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s mp4; }
  client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  server { listen ${port} backlog=4096; root ${folder}; } }
`);
  const child = new Child(scope, 'nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'logs/error.log')]);
  await until('nginx listens', () => canConnect(port), 10);
  await until('nginx has its worker', () => workersOf(child).length === 1, 10);
  pin(workersOf(child)[0]);
  return { name: 'nginx, files in tmpfs', httpPort: port, pids: workersOf(child), stop: () => child.stop() };
}

/** `extra`: more TOML; `limits` and `rtmp`: more of those sections. */
export async function startOurs(scope, extra = '', { limits = '', rtmp = '' } = {}) {
  const relay = await startRelay(scope, ['main'], `[limits]\nconnections = 20000\n${limits}${extra}`, { rtmp }, { cores: '0', watched: false });
  const token = await relay.token('main', 'bench');
  return { name: 'tongke-relay', port: relay.rtmpPort, httpPort: relay.httpPort, pids: [relay.child.pid], publishUrl: relay.publishUrl('main'), path: `live/main?token=${token}`, token, relay, stop: () => relay.child.stop() };
}

/** The program that only writes: `file` is an FLV of the same media; {mergeMs, how: 'send' | 'sendfile' | 'io_uring'}. */
export async function startFloor(scope, file, { mergeMs = 0, how = 'send' } = {}) {
  const port = await freePorts(1);
  const child = new Child(scope, program('floor'), ['--port', String(port), '--file', file, '--merge-ms', String(mergeMs), '--how', how]);
  await until('the floor listens', () => canConnect(port), 10);
  pin(child.pid);
  return { name: `floor, ${mergeMs ? `${mergeMs} ms` : 'a send a video frame'}${how === 'send' ? '' : `, ${how}`}`, port, pids: [child.pid], path: 'live/main', stop: () => child.stop() };
}
