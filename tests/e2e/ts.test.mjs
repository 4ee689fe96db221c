// HLS in TS (CONTRACT §5), for players that know no fMP4: the same rights, the
// same numbers, and every picture, by real players of three makes.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { complaints, makeFile, publish, read, readers } from '../support/media.mjs';
import { startRelay } from '../support/relay.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 8;

test('the stream is played in TS', async (t) => {
  const relay = await startRelay(t), token = await relay.token('main');
  const file = await makeFile(t, join(relay.dir, 'lesson.mp4'));
  publish(t, 'ffmpeg -c copy', relay.publishUrl('main'), file);
  await relay.untilMedia('main', token, { segments: 4 });

  const get = (path, headers = { authorization: `Bearer ${token}` }) => fetch(`${relay.http}/hls/main/${path}`, { headers });
  const [ts, mp4] = await Promise.all(['ts/live.m3u8', 'live.m3u8'].map(async (path) => (await get(path)).text()));
  const numbers = (text) => [...text.matchAll(/\/(\d+)\.(?:ts|m4s)$/gm)].map(([, n]) => Number(n));
  const both = numbers(ts).filter((n) => numbers(mp4).includes(n));
  assert.ok(both.length >= 3, `${numbers(ts)} and ${numbers(mp4)}`);
  const dates = (text) => Object.fromEntries([...text.matchAll(/DATE-TIME:(.*)\n(?:#EXTINF:(.*),\n).*\/(\d+)\.\w+$/gm)].map(([, date, length, n]) => [n, `${date} ${length}`]));
  for (const n of both) assert.equal(dates(ts)[n], dates(mp4)[n], `segment ${n} is another one in TS`);
  const name = ts.trim().split('\n').at(-1), segment = await get(`ts/${name}`);
  assert.equal(segment.headers.get('content-type'), 'video/mp2t');
  const bytes = new Uint8Array(await segment.arrayBuffer());
  assert.ok(bytes.length > 10_000 && bytes.length % 188 === 0 && bytes[0] === 0x47);
  assert.equal((await get(`ts/${name}`, {})).status, 401, 'a copied address alone opens nothing');

  const all = readers('', `${relay.http}/hls/main/ts/index.m3u8?token=${token}`);
  const chosen = Object.entries(all).filter(([reader]) => /hls/.test(reader));
  assert.equal(chosen.length, 3);
  const results = await Promise.all(chosen.map(async ([reader, command]) => [reader, await read(t, command(seconds), seconds)]));
  for (const [reader, result] of results) {
    t.diagnostic(`${reader}: exit ${result.code ?? result.signal}, ${result.frames} frames${result.warnings ? `, said: ${result.warnings.slice(0, 600)}` : ''}`);
    assert.equal(result.code, 0, result.warnings);
    assert.ok(result.frames >= seconds * 25, `${reader} decoded ${result.frames} frames`);
    assert.deepEqual(complaints(result), [], `${reader} complained`);
  }
});
