// The node pulls over RTMP and the link is cut for 5 s: after the cut it goes
// on with the next frame. What the classroom got is compared packet by packet
// with the file that was published: none missing, none twice.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { login, startDemo } from '../support/demo.mjs';
import { FaultProxy } from '../support/fault_proxy.mjs';
import { HttpPlayer, lessonPath, room2, startLesson } from '../support/lesson.mjs';
import { makeFile, publish } from '../support/media.mjs';
import { assertUnbroken, packetHashes } from '../support/payloads.mjs';
import { program, run } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause, until } from '../support/wait.mjs';

test('over RTMP a 5 s cut loses no packet and repeats none', async (t) => {
  const proxy = await new FaultProxy('127.0.0.1', 0).listen();
  t.after(() => proxy.close());
  const { json, dir } = await startDemo(t, ['--no-publisher', '--upstream', `rtmp://127.0.0.1:${proxy.port}`], (base) => { proxy.target.port = base; });
  const file = await makeFile(t, join(dir, 'lesson.mp4'), 60);
  publish(t, 'ffmpeg -c copy', json.publish_url, file);
  const teacher = await login(json.player.http, json.accounts.teacher[room2]);
  await until('the node holds media', async () => (await teacher.json(`/api/v1/rooms/${room2}`)).body.buffer.node_s > 3, 40);
  assert.equal((await startLesson(teacher, room2)).status, 200);
  const player = new HttpPlayer(teacher, lessonPath(room2), { keep: true });
  await until('ten seconds were played', () => player.segments.size >= 5, 30);
  for (const how of ['hold', 'reset']) {
    if (how === 'hold') { proxy.hold(); await pause(5000); proxy.release(); } else proxy.reset();
    await pause(6000);
  }
  await pause(3000);
  await player.stop();
  assert.deepEqual(player.holes(), []);
  const got = join(dir, 'got.mp4');
  writeFileSync(got, player.file());
  for (const track of ['v', 'a']) {
    const { begin, count } = assertUnbroken(await packetHashes(got, track), await packetHashes(file, track), track === 'v' ? 'video' : 'audio');
    t.diagnostic(`${track}: ${count} packets from published packet ${begin}, none missing, none twice`);
    assert.ok(count > (track === 'v' ? 25 : 46) * 20);
  }
});

// An outside player that counts frames as CONTRACT §4 says and comes back with
// resume=: two cuts of 5 s, the frames after them are in the log.
test('a player of one’s own resumes with resume= where it was', async (t) => {
  const relay = await startRelay(t), token = await relay.token('main');
  const file = await makeFile(t, join(relay.dir, 'lesson.mp4'), 60);
  publish(t, 'ffmpeg -c copy', relay.publishUrl('main'), file);
  await relay.untilMedia('main', token);
  const end = await run(t, program('tongke-test-player'), ['--url', `${relay.rtmp}/live/main?token=${token}`, '--seconds', '28', '--cut-after', '5', '--cut-for', '5', '--cuts', '2']);
  assert.equal(end.code, 0, end.stderr);
  const events = end.stdout.trim().split('\n').map((line) => JSON.parse(line));
  const starts = events.filter((event) => event.event === 'play_start'), frames = events.filter((event) => event.event === 'frame');
  assert.deepEqual(starts.map((each) => each.resumed), [false, true, true]);
  assert.ok(!events.some((event) => event.event === 'jump'));
  frames.forEach((frame, i) => assert.equal(frame.number, frames[0].number + i, 'the frame numbers step by one'));
  for (const kind of ['video', 'audio']) {
    const track = frames.filter((frame) => frame.kind === kind);
    const { begin, count } = assertUnbroken(track.map((frame) => frame.sha256), await packetHashes(file, kind[0]), kind);
    t.diagnostic(`${kind}: ${count} packets from published packet ${begin}, none missing, none twice, over two cuts`);
    assert.ok(count > (kind === 'video' ? 25 : 46) * 24);
  }
});
