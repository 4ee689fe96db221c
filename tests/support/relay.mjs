// A relay of its own for a test: any streams, free ports, real tokens.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, login } from './demo.mjs';
import { watchPlaylist } from './playlist_watch.mjs';
import { Child, program, run } from './process.mjs';
import { temporaryFolder } from './temporary_folder.mjs';
import { until } from './wait.mjs';

/** `streams`: names; each gets the key "key-NAME". `extra`: more TOML; `keys`: more of [rtmp] and [http];
 * `data`: its data folder; `cores`: those on which alone it may run, as taskset writes them; `watched`: false where a figure must not
 * hold what watching its playlists costs. */
export async function startRelay(test, streams = ['main'], extra = '', keys = {}, { data = null, cores = null, watched = true } = {}) {
  const dir = temporaryFolder();
  const base = await freePorts(2);
  const config = join(dir, 'relay.toml');
  writeFileSync(config, `data_dir = "${data ?? join(dir, 'data')}"
[rtmp]
listen = "[::]:${base}"
${keys.rtmp ?? ''}
[http]
listen = "[::]:${base + 1}"
${keys.http ?? ''}
${streams.map((name) => `[stream.${name}]\npublish_key = "key-${name}"\n`).join('')}
${extra}`);
  const relay = { dir, config, rtmp: `rtmp://127.0.0.1:${base}`, http: `http://127.0.0.1:${base + 1}`, rtmpPort: base, httpPort: base + 1 };
  relay.start = async () => {
    const command = [...(cores === null ? [] : ['taskset', '-c', cores]), program('tongke-relay'), '--config', config, 'serve'];
    relay.child = new Child(test, command[0], command.slice(1));
    await until('the relay is ready', async () => {
      if (relay.child.result) throw new Error(`relay ended: ${relay.child.stderr}`);
      return (await fetch(`${relay.http}/healthz`)).ok;
    }, 20);
  };
  await relay.start();
  relay.cli = (...words) => run(test, program('tongke-relay'), ['--config', config, ...words]);
  /** Logs in as an operator, made now; see login(). */
  relay.operator = async () => {
    const account = 'operator-of-a-test', password = 'right-1234';
    const made = new Child(test, program('tongke-relay'), ['--config', config, 'account', 'set', '--account', account, '--role', 'operator', '--name', '值班员'], { stdio: ['pipe', 'pipe', 'pipe'] });
    made.process.stdin.end(`${password}\n`);
    if ((await made.ended).code !== 0) throw new Error(made.stderr);
    // A running relay looks for new accounts once a second.
    return until('the relay knows the operator', () => login(relay.http, { account, password }), 10, 700);
  };
  relay.token = async (stream, node = 'test') => {
    const answer = await relay.cli('token', 'play', '--stream', stream, '--node', node, '--ttl', '8h');
    if (answer.code !== 0) throw new Error(answer.stderr);
    return answer.stdout.trim();
  };
  relay.publishUrl = (stream) => `${relay.rtmp}/live/${stream}?key=key-${stream}`;
  relay.playlist = async (stream, token) => {
    const answer = await fetch(`${relay.http}/hls/${stream}/live.m3u8`, { headers: { authorization: `Bearer ${token}` } });
    return answer.ok ? answer.text() : null;
  };
  for (const stream of watched ? streams : []) {
    const token = await relay.token(stream, 'watch');
    for (const form of ['', 'ts/']) watchPlaylist(test, `${form}${stream}`, `${relay.http}/hls/${stream}/${form}live.m3u8`, token);
  }
  relay.untilMedia = (stream, token, { seconds = 60, segments = 1 } = {}) =>
    until(`${stream} has ${segments} segments`, async () => ((await relay.playlist(stream, token))?.match(/#EXTINF/g)?.length ?? 0) >= segments, seconds, 200);
  return relay;
}
