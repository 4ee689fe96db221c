// The primary encoder freezes and the backup goes on (CONTRACT.md §4): what is on
// the screen, by the time code in the decoded pictures. Two test channels stand
// for two encoders in front of one camera; each is published by an ffmpeg of its
// own, and one of those is stopped in the middle of a GOP.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Child, run } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { codeReader, codeStrip, debugWindow } from '../support/time_code.mjs';
import { pause, until } from '../support/wait.mjs';

const kQuiet = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];
const kWidth = 1280, kHeight = 720;
const rounds = process.env.TONGKE_FULL ? 5 : 1;

async function camera(t) {
  const relay = await startRelay(t, ['test']);
  await debugWindow(relay, Date.now() - 60_000, Date.now() + 3600_000);
  const token = await relay.token('test');
  await relay.untilMedia('test', token, { segments: 2, seconds: 30 });
  return `${relay.rtmp}/live/test?token=${token}`;
}

test('the backup is on the screen within 2 s of the primary\'s silence', async (t) => {
  const cameras = [await camera(t), await camera(t)];
  for (let round = 0; round < rounds; ++round) {
    const relay = await startRelay(t, [], '[stream.main]\npublish_key = "key-main"\nbackup_key = "key-backup"\n');
    const token = await relay.token('main');
    const encoder = (camera, key) => new Child(t, 'ffmpeg', [...kQuiet, '-fflags', 'nobuffer', '-i', camera, '-c', 'copy', '-f', 'flv', `${relay.rtmp}/live/main?key=${key}`]);
    const primary = encoder(cameras[0], 'key-main');
    await relay.untilMedia('main', token, { segments: 2 });
    const backup = encoder(cameras[1], 'key-backup');

    const seen = [], take = codeReader(kWidth, kHeight, (code) => seen.push({ at: Date.now(), code }));
    const url = `${relay.rtmp}/live/main?token=${token}`, record = join(relay.dir, 'record.mkv');
    const screen = new Child(t, 'ffmpeg', [...kQuiet, '-i', url, ...codeStrip(kWidth, kHeight)], { onStdout: take, keepStdout: false });
    const recorder = new Child(t, 'ffmpeg', [...kQuiet, '-i', url, '-t', '30', '-c', 'copy', record]);
    await until('the screen shows pictures', () => seen.length > 100, 30);
    await pause(8000 + Math.random() * 2000);  // anywhere in the GOP; the backup has connected meanwhile

    const frozen = Date.now();
    primary.kill('SIGSTOP');
    await pause(8000);
    await until('the recording ends', () => recorder.result, 60);
    const shown = seen.slice(), playlist = await relay.playlist('main', token), now = Date.now();
    primary.kill('SIGKILL');
    await backup.stop();
    await screen.stop();

    // New is what shows a later moment than all before it.
    let newest = 0, last = null, longest = 0;
    const unread = shown.filter(({ code }) => !code).length;
    for (const { at, code } of shown) {
      if (!code || code.utcMs <= newest) continue;
      newest = code.utcMs;
      if (last !== null && at > frozen - 1000) longest = Math.max(longest, at - last);
      last = at;
    }
    const packets = await run(t, 'ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', record]);
    const times = packets.stdout.split(/[\s,]+/).filter(Boolean).map(Number);
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    t.diagnostic(`primary frozen: no new picture for ${(longest / 1000).toFixed(2)} s; ${shown.length} pictures, ${unread} without time code; recorded ${times.length} pictures, steps ${Math.min(...gaps).toFixed(3)}…${Math.max(...gaps).toFixed(3)} s; `
      + `${playlist.match(/#EXT-X-DISCONTINUITY\n/g)?.length ?? 0} DISCONTINUITYs; the last picture is ${now - newest} ms old`);
    assert.ok(longest <= 2000, `${longest} ms`);
    assert.equal(unread, 0);
    assert.ok(Math.min(...gaps) > 0 && Math.max(...gaps) < 0.6, 'timestamps rise without a jump');
    assert.ok(!playlist.includes('#EXT-X-DISCONTINUITY\n'), 'the same parameters');
    assert.ok(newest > frozen + 6000, 'the backup goes on');
    await relay.child.stop();
  }
});
