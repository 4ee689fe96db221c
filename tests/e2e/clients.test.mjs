// Real encoders publish, real players play, six at once; "it played" means
// frames were decoded to the last, the player ended by itself with exit 0, and
// every line it wrote to stderr is one we can explain.
// TONGKE_FULL=1: 60 s for every publisher, as acceptance does; else 8 s.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startRelay } from '../support/relay.mjs';
import { complaints, makeFile, publish, publishers, read, readers } from '../support/media.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 8;

test('every publisher is played by six readers at once', async (t) => {
  const names = Object.keys(publishers);
  const streams = names.map((_, i) => `s${i}`);
  const relay = await startRelay(t, streams);
  const file = await makeFile(t, join(relay.dir, 'lesson.mp4'));
  for (const [i, kind] of names.entries()) {
    await t.test(kind, async (t2) => {
      const stream = streams[i], token = await relay.token(stream);
      const publisher = publish(t2, kind, relay.publishUrl(stream), file);
      // hlsdemux2 of GStreamer 1.22 never starts on a playlist shorter than HOLD-BACK.
      await relay.untilMedia(stream, token, { segments: 4 });
      const all = readers(`${relay.rtmp}/live/${stream}?token=${token}`, `${relay.http}/hls/${stream}/index.m3u8?token=${token}`);
      const results = await Promise.all(Object.entries(all).map(async ([name, reader]) => [name, await read(t2, reader(seconds), seconds)]));
      // videotestsrc leaves frames out of a live stream when the machine is busy; ffmpeg's sources never do.
      const rate = kind.startsWith('gst') ? 15 : 25;
      for (const [name, result] of results)
        t2.diagnostic(`${kind} -> ${name}: exit ${result.code ?? result.signal}, ${result.frames ?? 'all'} frames${result.warnings ? `, said: ${result.warnings.slice(0, 400)}` : ''}`);
      for (const [name, result] of results) {
        assert.equal(result.code, 0, `${name} ended with ${result.code ?? result.signal}: ${result.warnings}`);
        if (result.frames !== null) assert.ok(result.frames >= seconds * rate, `${name} decoded ${result.frames} frames`);
        assert.deepEqual(complaints(result), [], `${name} complained`);
      }
      assert.equal(publisher.result, undefined, `the publisher ended: ${publisher.stderr}`);
      await publisher.stop();
    });
  }
});
