// RTMP timestamps start anywhere: 24 bits end after 4 h 39 m, 31 and 32 bits
// later (TRAPS 1.4). Across each edge the picture goes on without a jump, over
// RTMP and HLS.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parsePlaylist } from '../support/playlist.mjs';
import { makeFile, read, readers } from '../support/media.mjs';
import { Child, program } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause } from '../support/wait.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 10;
const kEdges = { '24 bits': 0x00ffff00, '31 bits': 0x7fffff00, '32 bits': 0xffffff00 };

for (const [name, edge] of Object.entries(kEdges)) {
  test(`the edge of ${name} is crossed without a jump`, async (t) => {
    const relay = await startRelay(t, ['main']), token = await relay.token('main');
    const flv = await makeFile(t, join(relay.dir, 'lesson.flv'), 30);
    // The edge is crossed some seconds after the players have joined.
    const publisher = new Child(t, program('tongke-test-publisher'), ['--url', relay.publishUrl('main'), '--file', flv, '--start-timestamp', String(edge - 9000), '--loop']);
    await relay.untilMedia('main', token);
    const all = readers(`${relay.rtmp}/live/main?token=${token}`, `${relay.http}/hls/main/index.m3u8?token=${token}`);
    const chosen = ['ffmpeg rtmp', 'gst rtmp2src', 'ffmpeg hls'];
    const results = await Promise.all(chosen.map((reader) => read(t, all[reader](seconds), seconds)));
    for (const [i, result] of results.entries()) {
      t.diagnostic(`${chosen[i]}: exit ${result.code}, ${result.frames ?? 'all'} frames${result.warnings ? `, said: ${result.warnings.slice(0, 300)}` : ''}`);
      assert.equal(result.code, 0, result.warnings);
      if (result.frames !== null) assert.ok(result.frames >= seconds * 25 && result.frames <= seconds * 25 + 28, `${chosen[i]}: ${result.frames} frames`);
    }
    await pause(1000);
    const { segments } = parsePlaylist(await relay.playlist('main', token));
    for (const [i, segment] of segments.entries()) {
      assert.ok(!segment.discontinuity, 'a discontinuity');
      if (i) assert.ok(Math.abs(segment.pdt - segments[i - 1].pdt - segments[i - 1].duration * 1000) < 2, `PDT jumps at ${segment.msn}`);
    }
    assert.equal(publisher.result, undefined, publisher.stderr);
  });
}
