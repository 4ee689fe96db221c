// RTMPS with real clients: ffmpeg publishes and plays, a second relay pulls, a
// reader on too thin a line is jumped without a broken byte, and the certificate
// is read again at SIGHUP.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { makeCertificate } from '../support/certificate.mjs';
import { freePorts } from '../support/demo.mjs';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { makeFile } from '../support/media.mjs';
import { run, Child } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { pause, until } from '../support/wait.mjs';

const subject = (port) => new Promise((done, fail) => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => { done(socket.getPeerCertificate().subject.CN); socket.destroy(); });
  socket.once('error', fail);
});

const play = (t, url, seconds) => run(t, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-i', url, '-t', String(seconds), '-c', 'copy', '-f', 'null', '-progress', '-', '-']);
const framesOf = (end) => Number(end.stdout.match(/frame=(\d+)/g).at(-1).slice(6));

test('RTMPS carries publishers, players and another relay', async (t) => {
  const dir = temporaryFolder(), port = await freePorts(1);
  const tls = (await makeCertificate(t, dir, 'first')).toml;
  const relay = await startRelay(t, ['main'], tls, { rtmp: `tls_listen = "127.0.0.1:${port}"`, http: 'tls_listen = ""' });
  const token = await relay.token('main'), at = `rtmps://127.0.0.1:${port}/live/main`;
  const file = await makeFile(t, join(dir, 'lesson.mp4'), 60);
  const publisher = new Child(t, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', `${at}?key=key-main`]);
  await relay.untilMedia('main', token, { segments: 2 });

  const played = await play(t, `${at}?token=${token}`, 5);
  assert.equal(played.code, 0, played.stderr);
  assert.ok(framesOf(played) >= 120, `${framesOf(played)} frames`);
  assert.equal(played.stderr.trim(), '');

  const edge = await startRelay(t, [], `[stream.main]\nupstream = ["rtmps://127.0.0.1:${port}?token=${token}"]\nupstream_ca = "${join(dir, 'cert.pem')}"\n`);
  const own = await edge.token('main');
  await edge.untilMedia('main', own);
  const stranger = await startRelay(t, [], `[stream.main]\nupstream = ["rtmps://127.0.0.1:${port}?token=${token}"]\n`);
  await pause(3000);
  assert.equal(await stranger.playlist('main', await stranger.token('main')), null, 'a certificate that nobody vouches for is not taken');

  // 0.5 of what the lesson needs: far behind, jumped to the newest keyframe, and every message whole.
  const proxy = await new FaultProxy('127.0.0.1', port).listen();
  t.after(() => proxy.close());
  proxy.limit(1.3e6);
  const slow = await play(t, `rtmps://127.0.0.1:${proxy.port}/live/main?token=${token}`, 10);
  assert.equal(slow.code, 0, slow.stderr);
  assert.ok(framesOf(slow) > 50, `${framesOf(slow)} frames`);
  assert.doesNotMatch(slow.stderr, /error|invalid|corrupt/i);

  const operator = await relay.operator();
  const subscribers = async () => (await operator.json('/api/v1/streams/main/subscribers')).body.subscribers;
  const [pulling] = await until('the edge is among the players', async () => { const found = (await subscribers()).filter((s) => s.client.startsWith('Tongke')); return found.length ? found : null; }, 10);
  assert.equal(pulling.transport, 'rtmps');
  assert.ok(pulling.tcp.rtt_s >= 0 && pulling.sent_bytes > 1e5, JSON.stringify(pulling));

  assert.equal(await subject(port), 'first');
  await makeCertificate(t, dir, 'second');
  process.kill(relay.child.pid, 'SIGHUP');
  await until('the new certificate is shown', async () => (await subject(port)) === 'second', 10);
  writeFileSync(join(dir, 'cert.pem'), 'no certificate');
  process.kill(relay.child.pid, 'SIGHUP');
  await pause(1000);
  assert.equal(await subject(port), 'second', 'the old one stays where the new one cannot be used');
  assert.ok(!publisher.result, `the publisher was never disturbed: ${publisher.stderr} ${relay.child.stderr}`);
});
