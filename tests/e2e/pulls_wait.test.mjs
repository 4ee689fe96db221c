// Pulls that come before the encoder, as after a relay's restart or a quarter of
// an hour before a lesson: each keeps to one connection, over TLS too, where the
// relay takes a fifth of its accepts, and the encoder gets in beside them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { makeCertificate } from '../support/certificate.mjs';
import { freePorts } from '../support/demo.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { Child, program } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';
import { pause, until } from '../support/wait.mjs';

const kPlain = 30, kOverTls = 60;

test('pulls that wait for the encoder keep to one connection and leave it its place', async (t) => {
  const dir = temporaryFolder(), port = await freePorts(1);
  const tls = await makeCertificate(t, dir, 'relay');
  // Five seconds until everybody has been accepted over TLS: longer than a try lasts that is given up for another.
  const relay = await startRelay(t, ['main'], `[limits]\naccepts_per_second = 60\nconnections = 120\n[stream_defaults]\ngrace_seconds = 120\n${tls.toml}`, { rtmp: `tls_listen = "127.0.0.1:${port}"`, http: 'tls_listen = ""' });
  const token = await relay.token('main'), file = await makeFile(t, join(dir, 'lesson.mp4'), 30);
  const pull = (url) => new Child(t, program('tongke-test-upstream'), ['--url', url, '--stream', 'main', '--token', token, '--ca', tls.certificate, '--seconds', '120']);
  const metric = async (name) => [...(await (await fetch(`${relay.http}/metrics`)).text()).matchAll(new RegExp(`^${name}.* (\\d+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
  const pulls = [...Array.from({ length: kPlain }, () => pull(relay.rtmp)), ...Array.from({ length: kOverTls }, () => pull(`rtmps://127.0.0.1:${port}`))];
  await pause(8000);  // how long the encoder takes
  const ended = await metric('tongke_sessions_ended_total');
  await pause(3000);
  assert.equal(await metric('tongke_sessions_ended_total') - ended, 0, 'nobody opens another connection while it waits');

  const begin = Date.now();
  publish(t, 'ffmpeg -c copy', relay.publishUrl('main'), file);
  await until('every pull has the lesson', () => pulls.every((each) => each.stdout.includes('"segment"')), 30, 100);
  const took = (Date.now() - begin) / 1000;
  t.diagnostic(`${pulls.length} pulls, ${kOverTls} over TLS: all have a segment ${took.toFixed(1)} s after the encoder began; ${ended} sessions ended before, ${await metric('tongke_refused_total{reason="gone"}')} had left the queue`);
  assert.ok(took < 20, `${took} s`);
  assert.equal(await metric('tongke_refused_total{reason="too_many_connections"}'), 0);
  assert.equal(pulls.filter((each) => each.stdout.includes('"lost"') && !each.stdout.includes('"back"')).length, 0);
});
