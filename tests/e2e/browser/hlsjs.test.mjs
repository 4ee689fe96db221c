// hls.js with its own defaults, on a page of somebody else's origin, plays the
// relay's HLS with a token in the address. TONGKE_FULL=1: 60 s of every
// publisher, else 12 s of one.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { makeFile, publish, publishers } from '../../support/media.mjs';
import { startRelay } from '../../support/relay.mjs';
import { pause } from '../../support/wait.mjs';
import { openBrowser, openPc } from './chromium.mjs';
import { openHlsJs, serveHlsJs } from './hlsjs_page.mjs';
import { figuresOfAMinuteAtMost, jumps, watch } from './watch.mjs';

test('hls.js plays the relay from another origin', async (t) => {
  const names = process.env.TONGKE_FULL ? Object.keys(publishers) : ['ffmpeg -c copy'], seconds = process.env.TONGKE_FULL ? 60 : 12;
  const relay = await startRelay(t, names.map((_, i) => `s${i}`));
  const addressOf = await serveHlsJs(t);
  const browser = await openBrowser(t), file = await makeFile(t, join(relay.dir, 'lesson.mp4'));
  for (const [i, kind] of names.entries()) {
    const stream = `s${i}`, token = await relay.token(stream);
    const publisher = publish(t, kind, relay.publishUrl(stream), file);
    await relay.untilMedia(stream, token, { segments: 4 });
    const { page, context, faults } = await openPc(browser);
    const source = `${relay.http}/hls/${stream}/index.m3u8?token=${token}`;
    await openHlsJs(page, addressOf(source));
    await watch(page);
    await pause((seconds + 1) * 1000);
    const seen = { ...await figuresOfAMinuteAtMost(page, seconds), jumps: await jumps(page), errors: await page.evaluate(() => window.__errors), faults };
    t.diagnostic(`${kind} -> hls.js: ${JSON.stringify(seen)}`);
    await context.close();
    assert.ok(seen.fps >= 24, `${seen.fps} frames a second`);
    // GStreamer's live source leaves pictures out and sends others a few milliseconds apart (1.5 % of its timestamps, the
    // same in what ffmpeg records): of such a pair a screen shows one, and hls.js steps over a hole, as it says.
    const uneven = kind.startsWith('gst');
    const errors = seen.errors.filter((each) => !(uneven && each === 'mediaError bufferSeekOverHole fatal=false'));
    assert.ok(seen.dropped < (uneven ? 0.03 : 0.01) && seen.sound_dbfs > -60, JSON.stringify(seen));
    assert.deepEqual([seen.jumps, errors, faults], [[], [], []]);
    await publisher.stop();
  }
});
