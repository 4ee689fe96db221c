// hls.js with its own defaults, on a page of somebody else's origin, plays the
// relay's HLS with a token in the address. TONGKE_FULL=1: 60 s of every
// publisher, else 12 s of one.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFile, publish, publishers } from '../../support/media.mjs';
import { root } from '../../support/process.mjs';
import { startRelay } from '../../support/relay.mjs';
import { pause } from '../../support/wait.mjs';
import { openBrowser, openPc } from './chromium.mjs';
import { figures, jumps, watch } from './watch.mjs';

const kPage = `<!doctype html><meta charset="utf-8"><button>sound</button><video width="1280" height="680" controls></video><script src="/hls.js"></script><script>
const hls = new Hls(), video = document.querySelector('video');
window.__errors = [];
hls.on(Hls.Events.ERROR, (_, data) => window.__errors.push(data.type + ' ' + data.details + ' fatal=' + data.fatal));
hls.on(Hls.Events.MANIFEST_PARSED, () => { video.muted = true; video.play().then(() => { video.muted = false; }); });
hls.loadSource(new URLSearchParams(location.search).get('src'));
hls.attachMedia(video);
</script>`;

test('hls.js plays the relay from another origin', async (t) => {
  const names = process.env.TONGKE_FULL ? Object.keys(publishers) : ['ffmpeg -c copy'], seconds = process.env.TONGKE_FULL ? 60 : 12;
  const relay = await startRelay(t, names.map((_, i) => `s${i}`));
  const site = createServer((request, response) => {
    const script = request.url === '/hls.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html').end(script ? readFileSync(join(root, 'node_modules/hls.js/dist/hls.min.js')) : kPage);
  });
  await new Promise((done) => site.listen(0, '127.0.0.1', done));
  t.after(() => { site.closeAllConnections(); site.close(); });
  const browser = await openBrowser(t), file = await makeFile(t, join(relay.dir, 'lesson.mp4'));
  for (const [i, kind] of names.entries()) {
    const stream = `s${i}`, token = await relay.token(stream);
    const publisher = publish(t, kind, relay.publishUrl(stream), file);
    await relay.untilMedia(stream, token, { segments: 4 });
    const { page, context, faults } = await openPc(browser);
    const source = `${relay.http}/hls/${stream}/index.m3u8?token=${token}`;
    await page.goto(`http://127.0.0.1:${site.address().port}/?src=${encodeURIComponent(source)}`);
    await page.locator('button').click();  // sound wants a gesture; one on the picture would pause it
    await page.waitForFunction(() => document.querySelector('video').currentTime > 1, null, { timeout: 30_000 });
    await page.evaluate(() => { const video = document.querySelector('video'); video.muted = false; return video.play(); });
    await watch(page);
    await pause((seconds + 1) * 1000);
    const seen = { ...await figures(page, seconds), jumps: await jumps(page), errors: await page.evaluate(() => window.__errors), faults };
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
