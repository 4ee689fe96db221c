// A relay that pulls from another, over RTMP and over HLS, with 5 s (with
// TONGKE_FULL 10 s) cut out of its line: its readers see every frame once, with the origin's numbers, times
// and bytes, and its segments are the origin's.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { watchPlaylist } from '../support/playlist_watch.mjs';
import { Child, program } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause, until } from '../support/wait.mjs';

const kCutMs = process.env.TONGKE_FULL ? 10_000 : 5000, kSeconds = process.env.TONGKE_FULL ? 40 : 18;

/** The frames that a reader of its own gets from now on, by number. */
function record(t, relay, token, seconds) {
  const child = new Child(t, program('tongke-test-player'), ['--url', `${relay.rtmp}/live/main?token=${token}`, '--seconds', String(seconds), '--silence', '20']);
  return child.ended.then((end) => {
    assert.equal(end.code, 0, child.stderr);
    const events = child.stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(events.filter((event) => event.event === 'play_start').length, 1, 'the reader stays connected');
    assert.ok(!events.some((event) => event.event === 'jump'), 'nothing is left out');
    return events.filter((event) => event.event === 'frame');
  });
}

const segmentsOf = (playlist) => playlist.split('\n').filter((line) => line.endsWith('.m4s'));

for (const transport of ['rtmp', 'http']) {
  test(`a relay pulls from another over ${transport}: ${kCutMs / 1000} s are cut off, and every frame comes once`, async (t) => {
    const origin = await startRelay(t), token = await origin.token('main', 'province');
    const file = await makeFile(t, join(origin.dir, 'lesson.mp4'), 60);
    publish(t, 'ffmpeg -c copy', origin.publishUrl('main'), file);
    await origin.untilMedia('main', token, { segments: 3 });
    const proxy = await new FaultProxy('127.0.0.1', transport === 'rtmp' ? origin.rtmpPort : origin.httpPort).listen();
    t.after(() => proxy.close());
    const edge = await startRelay(t, [], `[stream.main]\nupstream = ["${transport}://127.0.0.1:${proxy.port}?token=${token}"]\n`);
    const own = await edge.token('main', 'county');
    watchPlaylist(t, 'main at the edge', `${edge.http}/hls/main/live.m3u8`, await edge.token('main', 'watch'));
    await edge.untilMedia('main', own, { segments: 2 });

    const recorded = Promise.all([record(t, origin, token, kSeconds), record(t, edge, own, kSeconds)]);
    recorded.catch(() => {});
    await pause(3000);
    proxy.hold();
    await pause(kCutMs);
    proxy.release();
    await pause(4000);
    proxy.reset();
    const [there, here] = await recorded;

    const known = new Map(there.map((frame) => [frame.number, frame]));
    here.forEach((frame, i) => assert.equal(frame.number, here[0].number + i, 'numbers step by one'));
    const both = here.filter((frame) => known.has(frame.number));
    for (const frame of both) {
      const { kind, sha256, timestamp, keyframe } = known.get(frame.number);
      assert.deepEqual({ kind, sha256, timestamp, keyframe }, { kind: frame.kind, sha256: frame.sha256, timestamp: frame.timestamp, keyframe: frame.keyframe }, `frame ${frame.number}`);
    }
    assert.ok(both.length > 72 * (kSeconds - 6), `only ${both.length} frames were seen at both`);
    t.diagnostic(`${both.length} of ${there.length} frames at the origin are the same here, none missing, none twice`);

    // The same segments, name for name and byte for byte.
    const [names, ours] = [segmentsOf(await origin.playlist('main', token)), segmentsOf(await edge.playlist('main', own))];
    const common = ours.filter((name) => names.includes(name));
    assert.ok(common.length >= 6, `only ${common.length} of ${ours.length} segments are the origin's`);
    assert.ok(ours.every((name, i) => i === 0 || Number(name.match(/(\d+)\.m4s/)[1]) === Number(ours[i - 1].match(/(\d+)\.m4s/)[1]) + 1), ours.join(' '));
    for (const name of common) {
      const bytes = async (relay, bearer) => Buffer.from(await (await fetch(`${relay.http}/hls/main/${name}`, { headers: { authorization: `Bearer ${bearer}` } })).arrayBuffer());
      assert.ok((await bytes(origin, token)).equals(await bytes(edge, own)), `${name} differs`);
    }
    t.diagnostic(`${common.length} segments are the origin's, byte for byte`);

    const operator = await edge.operator(), stream = (await operator.json('/api/v1/streams/main')).body;
    assert.equal(stream.publisher.source, 'upstream');
    assert.equal(stream.publisher.client, `tongke-relay (${transport === 'rtmp' ? 'rtmp' : 'hls'})`);
    await until('the operator is not told of a lost line any more', async () => (await operator.json('/api/v1/streams/main')).body.advisories.length === 0, 10);
  });
}

// Both lines by turns, as [stream] upstream names them: each takes over where the other left off.
test('a change of transport loses no frame and gives none twice', { skip: !process.env.TONGKE_FULL && 'with TONGKE_FULL=1' }, async (t) => {
  const origin = await startRelay(t), token = await origin.token('main', 'province');
  publish(t, 'ffmpeg -c copy', origin.publishUrl('main'), await makeFile(t, join(origin.dir, 'lesson.mp4'), 60));
  await origin.untilMedia('main', token, { segments: 3 });
  const rtmp = await new FaultProxy('127.0.0.1', origin.rtmpPort).listen(), http = await new FaultProxy('127.0.0.1', origin.httpPort).listen();
  t.after(() => Promise.all([rtmp.close(), http.close()]));
  const edge = await startRelay(t, [], `[stream.main]\nupstream = ["rtmp://127.0.0.1:${rtmp.port}?token=${token}", "http://127.0.0.1:${http.port}?token=${token}"]\n`);
  const own = await edge.token('main', 'county'), operator = await edge.operator();
  watchPlaylist(t, 'main at the edge', `${edge.http}/hls/main/live.m3u8`, await edge.token('main', 'watch'));
  await edge.untilMedia('main', own, { segments: 2 });
  const recorded = record(t, edge, own, 50);
  recorded.catch(() => {});
  const from = (client) => until(`the edge pulls by ${client}`, async () => (await operator.json('/api/v1/streams/main')).body.publisher?.client === `tongke-relay (${client})`, 20);
  await from('rtmp');
  rtmp.hold();
  await from('hls');
  await pause(6000);
  rtmp.release();
  http.hold();
  await from('rtmp');
  await pause(8000);
  const frames = await recorded;
  frames.forEach((frame, i) => assert.equal(frame.number, frames[0].number + i, 'numbers step by one'));
  t.diagnostic(`${frames.length} frames over two changes of transport, none missing, none twice`);
  assert.ok(frames.length > 72 * 35);
});
