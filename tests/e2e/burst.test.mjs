// A main classroom whose uplink stands for some seconds and then delivers all of
// it at once: no reader loses a segment or a frame, and the relay is as near to
// live as before (TRAPS.md 1).
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { makeFile, read, readers } from '../support/media.mjs';
import { parsePlaylist } from '../support/playlist.mjs';
import { Child, program } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause, until } from '../support/wait.mjs';

const kHeldMs = 10_000;

test('ten seconds of frames in one: segments in order, none skipped, and live again', async (t) => {
  const relay = await startRelay(t, ['main']), token = await relay.token('main');
  const proxy = await new FaultProxy('127.0.0.1', relay.rtmpPort).listen();
  t.after(() => proxy.close());
  const flv = await makeFile(t, join(relay.dir, 'lesson.flv'), 30);
  const publisher = new Child(t, program('tongke-test-publisher'), ['--url', relay.publishUrl('main').replace(`:${relay.rtmpPort}`, `:${proxy.port}`), '--file', flv, '--loop']);
  await relay.untilMedia('main', token, { segments: 4 });

  // A player that asks all the time: what it is told, and whether what it is told is there.
  const told = [], lags = [];
  let reading = true;
  const player = (async () => {
    while (reading) {
      const { segments } = parsePlaylist(await relay.playlist('main', token));
      const last = segments.at(-1);
      lags.push({ at: Date.now(), lag: Date.now() - last.pdt - last.duration * 1000 });
      for (const segment of segments.filter(({ msn }) => !told.length || msn > told.at(-1).msn)) {
        const media = await fetch(new URL(segment.uri, `${relay.http}/hls/main/live.m3u8`), { headers: { authorization: `Bearer ${token}` } });
        told.push({ ...segment, status: media.status, bytes: (await media.arrayBuffer()).byteLength });
      }
      await pause(50);
    }
  })();
  const url = { rtmp: `${relay.rtmp}/live/main?token=${token}`, hls: `${relay.http}/hls/main/index.m3u8?token=${token}` };
  const all = readers(url.rtmp, url.hls), seconds = 30, chosen = ['ffmpeg rtmp', 'ffmpeg hls'];
  const results = Promise.all(chosen.map((reader) => read(t, all[reader](seconds), seconds)));

  await pause(8000);
  const before = Math.max(...lags.map(({ lag }) => lag));
  proxy.hold();
  await pause(kHeldMs);
  proxy.release();
  const released = Date.now();
  const near = await until('it is live again', () => lags.find(({ at, lag }) => at > released && lag <= before + 200), 30);
  for (const [i, result] of (await results).entries()) {
    t.diagnostic(`${chosen[i]}: exit ${result.code}, ${result.frames} frames of ${seconds} s`);
    assert.equal(result.code, 0, result.warnings);
    assert.ok(result.frames >= seconds * 25 && result.frames <= seconds * 25 + 28, `${chosen[i]}: ${result.frames} frames`);
  }
  reading = false;
  await player;
  const jumps = told.slice(1).map((segment, i) => segment.msn - told[i].msn);
  t.diagnostic(`${told.length} segments; behind live by ${before} ms at most before, ${Math.max(...lags.map(({ lag }) => lag))} ms in the hold, as before ${near.at - released} ms after it`);
  assert.ok(jumps.every((jump) => jump === 1), `MSN steps ${jumps}`);
  assert.ok(told.every(({ status, bytes, discontinuity }) => status === 200 && bytes > 1000 && !discontinuity), JSON.stringify(told.filter(({ status }) => status !== 200)));
  for (const [i, segment] of told.entries())
    if (i) assert.ok(Math.abs(segment.pdt - told[i - 1].pdt - told[i - 1].duration * 1000) < 2, `PDT jumps at ${segment.msn}`);
  assert.ok(near.at - released <= 10_000, `${near.at - released} ms`);
  assert.equal(publisher.result, undefined, publisher.stderr);
});
