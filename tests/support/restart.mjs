// kill -9 of a relay under load: readers over RTMP and HLS that come back by
// themselves, a publisher that does too, and when each of them had media again.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './demo.mjs';
import { publishers } from './media.mjs';
import { Child, program } from './process.mjs';
import { until } from './wait.mjs';

/** An encoder that comes back half a second after its connection is lost. */
export function keepPublishing(test, url, file) {
  let stopped = false, child;
  const [command, args] = publishers['ffmpeg -c copy'](url, file);
  const again = () => {
    if (stopped) return;
    child = new Child(null, command, args);
    child.ended.then(() => setTimeout(again, 500));
  };
  again();
  test.after(async () => { stopped = true; await child.stop(); });
}

/** nginx as people put it before HLS: segments by their path, playlists for half a second. */
export async function startCache(test, dir, target) {
  const port = await freePorts(1), prefix = join(dir, 'nginx-cache');
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  writeFileSync(join(prefix, 'nginx.conf'), `user root; worker_processes 1; daemon off; pid ${prefix}/nginx.pid; error_log ${prefix}/logs/error.log crit;
worker_rlimit_nofile 65535;
events { worker_connections 8192; }
http { access_log off; client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/temp; fastcgi_temp_path ${prefix}/f; uwsgi_temp_path ${prefix}/u; scgi_temp_path ${prefix}/s;
  proxy_cache_path ${prefix}/cache keys_zone=hls:10m;
  upstream relay { server 127.0.0.1:${target}; keepalive 32; }
  server { listen ${port}; keepalive_requests 100000;
    location / { proxy_pass http://relay; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_cache hls; proxy_cache_key $uri; proxy_cache_lock on; proxy_cache_bypass $arg_token; proxy_no_cache $arg_token; }
  } }
`);
  new Child(test, 'nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'logs/error.log')]);
  await until('the cache listens', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok, 10);
  return port;
}

const overflows = () => {
  const [names, values] = readFileSync('/proc/net/netstat', 'utf8').split('\n').filter((line) => line.startsWith('TcpExt:')).map((line) => line.split(' '));
  return Number(values[names.indexOf('ListenOverflows')]) + Number(values[names.indexOf('ListenDrops')]);
};

const publisherUp = async (relay) => /tongke_stream_publisher_up\{stream="main"\} 1/.test(await (await fetch(`${relay.http}/metrics`)).text());

/**
 * `relay` is killed while `loads` ([program, ...args], told to reconnect) play, and started again `downMs` later. Resolves, once
 * `seconds` have passed, to what each load measured with first_media in seconds after the publisher's return, and the overflows
 * of accept queues.
 */
export async function killUnderLoad(test, relay, loads, { warmup = 8, seconds = 25, downMs = 200, prefix = [] } = {}) {
  const children = loads.map(([name, ...args]) => {
    const words = [...prefix, program(name), ...args, '--warmup', String(warmup), '--seconds', String(seconds), '--reconnect', '1'];
    return new Child(test, words[0], words.slice(1));
  });
  await until('every load has warmed up', () => children.every((child) => child.stderr.includes('measuring') || child.result), warmup + 60);
  const before = overflows();
  process.kill(relay.child.pid, 'SIGKILL');
  await relay.child.ended;
  await new Promise((done) => setTimeout(done, downMs));
  await relay.start();
  await until('the publisher is back', () => publisherUp(relay), 20, 20);
  const back = Date.now() / 1000;
  await Promise.all(children.map((child) => child.ended));
  const results = children.map((child) => {
    if (!child.stdout) throw new Error(child.stderr);
    const result = JSON.parse(child.stdout);
    for (const at of ['p50', 'p95', 'max']) result.first_media[at] -= back;
    return result;
  });
  return { results, overflows: overflows() - before };
}

export const firstMedia = ({ players, waiting, first_media: f }) =>
  `${f.count} of ${players} had media again, after the publisher's return: p50 ${f.p50.toFixed(2)} s, p95 ${f.p95.toFixed(2)} s, max ${f.max.toFixed(2)} s; ${waiting} wait`;
