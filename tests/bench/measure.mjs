// What the benches share: one load or several against one server, with the
// server's CPU-seconds per GB that reached the players; loads leave core 0 to it.
import { cpus } from 'node:os';
import { Child, program } from '../support/process.mjs';
import { until } from '../support/wait.mjs';
import { usage } from './peers.mjs';

export const option = (name, fallback) => { const at = process.argv.indexOf(`--${name}`); return at < 0 ? fallback : Number(process.argv[at + 1]); };
const loadCore = cpus().length > 1 ? ['taskset', ['-c', `1-${cpus().length - 1}`]] : ['env', []];
const mean = (part) => part.reduce((a, b) => a + b, 0) / part.length;

/** The loads run at once against one server: {results, cost, rss, peak, growth}, cost in CPU-seconds per GB; rss is what is left after them. */
export async function measured(scope, server, loads, seconds) {
  const children = loads.map(([command, ...args]) => new Child(scope, loadCore[0], [...loadCore[1], program(command), ...args, '--seconds', String(seconds)]));
  await until('every load has warmed up', () => children.every((child) => child.stderr.includes('measuring') || child.result), 90);
  const before = usage(server.pids);
  const memory = [];
  const watch = setInterval(() => memory.push(usage(server.pids).rss), 1000);
  await Promise.all(children.map((child) => child.ended));
  clearInterval(watch);
  const after = usage(server.pids);
  const results = children.map((child, i) => {
    if (!child.stdout) throw new Error(`${loads[i][0]}: ${child.stderr}`);
    return JSON.parse(child.stdout);
  });
  const half = Math.floor(memory.length / 2), growth = mean(memory.slice(half)) / mean(memory.slice(0, half)) - 1;
  return { results, cost: (after.cpu - before.cpu) / (results.reduce((n, r) => n + r.bytes, 0) / 1e9), rss: after.rss, peak: Math.max(...memory), growth };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const range = (values, digits = 2) => [Math.min(...values), median(values), Math.max(...values)].map((x) => x.toFixed(digits)).join('  ');
// The first 8 s, in which everyone joins, are not counted.
export const rtmpLoad = (server, players) => ['rtmp_load', '--port', String(server.port), '--path', server.path, '--players', String(players), '--warmup', '8'];
export const hlsLoad = (server, players) => ['hls_load', '--port', String(server.httpPort), '--playlist', '/hls/main/live.m3u8', '--bearer', server.token, '--players', String(players), '--warmup', '8'];
