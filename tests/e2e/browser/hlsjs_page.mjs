// A page of somebody else's origin with hls.js and its own defaults, as any web
// site would play the relay with a token in the address. It notes hls.js's
// errors, and when the picture last changed.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/process.mjs';

const kPage = `<!doctype html><meta charset="utf-8"><button>sound</button><video width="1280" height="680" controls></video><script src="/hls.js"></script><script>
const hls = new Hls(), video = document.querySelector('video');
window.__errors = [];
hls.on(Hls.Events.ERROR, (_, data) => window.__errors.push(data.type + ' ' + data.details + ' fatal=' + data.fatal));
hls.on(Hls.Events.MANIFEST_PARSED, () => { video.muted = true; video.play().then(() => { video.muted = false; }); });
hls.loadSource(new URLSearchParams(location.search).get('src'));
hls.attachMedia(video);

// A thumbnail ten times a second; a picture is new when it differs from the one before and is not as dark as the slate.
const canvas = document.createElement('canvas'), ink = canvas.getContext('2d', { willReadFrequently: true });
canvas.width = 32; canvas.height = 18;
window.__changes = [];
let before = null;
setInterval(() => {
  ink.drawImage(video, 0, 0, 32, 18);
  const now = ink.getImageData(0, 0, 32, 18).data;
  let differs = 0, light = 0;
  for (let i = 0; i < now.length; i += 4) light += (now[i] + now[i + 1] + now[i + 2]) / 3;
  if (before) for (let i = 0; i < now.length; i += 4) differs = Math.max(differs, Math.abs(now[i] - before[i]), Math.abs(now[i + 1] - before[i + 1]), Math.abs(now[i + 2] - before[i + 2]));
  if (differs > 12 && light / (now.length / 4) > 90) window.__changes.push(Date.now());
  before = now;
}, 100);
</script>`;

/** Serves the page until the test's end; resolves a function from a playlist's address to the page's. */
export async function serveHlsJs(t) {
  const site = createServer((request, response) => {
    const script = request.url === '/hls.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html').end(script ? readFileSync(join(root, 'node_modules/hls.js/dist/hls.min.js')) : kPage);
  });
  await new Promise((done) => site.listen(0, '127.0.0.1', done));
  t.after(() => { site.closeAllConnections(); site.close(); });
  return (playlist) => `http://127.0.0.1:${site.address().port}/?src=${encodeURIComponent(playlist)}`;
}

/** Opens it and gives it the gesture that sound wants. */
export async function openHlsJs(page, address) {
  await page.goto(address);
  await page.locator('button').click();  // one on the picture would pause it
  await page.waitForFunction(() => document.querySelector('video').currentTime > 1, null, { timeout: 30_000 });
  await page.evaluate(() => { const video = document.querySelector('video'); video.muted = false; return video.play(); });
}
