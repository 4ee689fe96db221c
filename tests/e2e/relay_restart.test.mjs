// kill -9 of the relay while RTMP and HLS readers play, HLS through a cache:
// all have media within 5 s of the publisher's return, no MEDIA-SEQUENCE falls,
// and the cache never serves another segment than the relay's. Nor do numbers
// fall where the disk is full.
import test from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFile } from '../support/media.mjs';
import { run } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { firstMedia, keepPublishing, killUnderLoad, startCache } from '../support/restart.mjs';
import { temporaryFolder } from '../support/temporary_folder.mjs';

const kReaders = process.env.TONGKE_FULL ? 200 : 30;

test(`${kReaders} readers over RTMP and ${kReaders} over HLS outlive kill -9 of the relay`, async (t) => {
  const relay = await startRelay(t), token = await relay.token('main', 'load');
  const file = await makeFile(t, join(relay.dir, 'lesson.mp4'), 20);
  keepPublishing(t, relay.publishUrl('main'), file);
  await relay.untilMedia('main', token, { segments: 3 });
  const cache = await startCache(t, relay.dir, relay.httpPort);
  const segments = async (port) => {
    const found = new Map(), answer = await fetch(`http://127.0.0.1:${port}/hls/main/live.m3u8`, { headers: { authorization: `Bearer ${token}` } });
    for (const name of (await answer.text()).split('\n').filter((line) => line.endsWith('.m4s')))
      found.set(name, Buffer.from(await (await fetch(`http://127.0.0.1:${port}/hls/main/${name}`, { headers: { authorization: `Bearer ${token}` } })).arrayBuffer()));
    return found;
  };
  const first = await segments(cache);
  assert.ok(first.size >= 3);

  const { results: [rtmp, hls] } = await killUnderLoad(t, relay, [
    ['rtmp_load', '--port', String(relay.rtmpPort), '--path', `live/main?token=${token}`, '--players', String(kReaders)],
    ['hls_load', '--port', String(cache), '--playlist', '/hls/main/live.m3u8', '--bearer', token, '--players', String(kReaders)],
  ], { warmup: 5, seconds: 15 });
  t.diagnostic(`RTMP: ${firstMedia(rtmp)}`);
  t.diagnostic(`HLS through a cache: ${firstMedia(hls)}; MEDIA-SEQUENCE fell ${hls.fell} times`);
  for (const result of [rtmp, hls]) {
    assert.equal(result.waiting, 0);
    assert.ok(result.first_media.count > 0);
    assert.ok(result.first_media.max < 5, `the last had media after ${result.first_media.max} s`);
  }
  assert.equal(rtmp.first_media.count, kReaders);
  // Behind the cache some have not noticed: it was away between two of their questions.
  assert.ok(hls.segments >= 4 * kReaders, `${hls.segments} segments`);
  assert.equal(hls.fell, 0);
  assert.equal(hls.errors, 0);

  const direct = await segments(relay.httpPort), cached = await segments(cache);
  for (const [name, bytes] of cached) if (direct.has(name)) assert.ok(bytes.equals(direct.get(name)), `the cache has another ${name}`);
  for (const name of direct.keys()) assert.ok(!first.has(name), `${name} is a name from before the restart`);
});

test('MEDIA-SEQUENCE rises over each kill -9 while the disk is full', { skip: process.getuid() === 0 ? false : 'a small disk is mounted: needs root' }, async (t) => {
  const disk = temporaryFolder();
  assert.equal((await run(t, 'mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])).code, 0);
  t.after(() => run(null, 'umount', ['-l', disk]));
  const relay = await startRelay(t, ['main'], '', {}, { data: join(disk, 'data') }), token = await relay.token('main', 'load');
  keepPublishing(t, relay.publishUrl('main'), await makeFile(t, join(relay.dir, 'lesson.mp4'), 20));
  const newest = async () => Number((await relay.playlist('main', token)).match(/(\d+)\.m4s\s*$/)[1]);
  await relay.untilMedia('main', token, { segments: 2 });
  const before = [await newest()], rest = join(disk, 'rest');
  assert.throws(() => writeFileSync(rest, Buffer.alloc(4 << 20)), { code: 'ENOSPC' });
  for (let life = 2; life <= 4; life++) {
    relay.child.kill('SIGKILL');
    await relay.child.ended;
    await relay.start();
    await relay.untilMedia('main', token, { segments: 2 });
    before.push(await newest());
  }
  t.diagnostic(`newest segments: ${before.join(', ')}`);
  for (let i = 1; i < before.length; i++) assert.ok(before[i] > before[i - 1]);
  rmSync(rest);
});
