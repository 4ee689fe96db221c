// The relay's own test channel (QOE §5) as clients get it: ffmpeg plays it over
// RTMP and HLS, and the pages' own reader reads the time code from the decoded
// pictures; scaled to 640×360 and 500 kbit/s too; flash and beep fall together.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Child, run } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { publish } from '../support/media.mjs';
import { codeReader, codeStrip, debugWindow } from '../support/time_code.mjs';
import { until } from '../support/wait.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 10;
const kQuiet = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];

/** The time code of every decoded picture; null where there is none. */
async function codes(t, input, width, height, extra = []) {
  const out = [];
  const child = new Child(t, 'ffmpeg', [...kQuiet, ...input, ...extra, ...codeStrip(width, height)], { onStdout: codeReader(width, height, (code) => out.push(code)), keepStdout: false });
  const end = await child.ended;
  assert.equal(end.code, 0, child.stderr);
  return out;
}

function judge(t, name, list, least) {
  const good = list.filter(Boolean);
  const share = good.length / list.length;
  const steps = good.slice(1).filter((code, i) => code.picture !== (good[i].picture + 1) % 2 ** 32).length;
  const late = good.map((code) => code.utcMs - good[0].utcMs - ((code.picture - good[0].picture) * 40));
  t.diagnostic(`${name}: ${list.length} pictures, ${(share * 100).toFixed(2)} % read, ${steps} steps other than one, UTC off the count by ${Math.min(...late)}…${Math.max(...late)} ms`);
  assert.ok(list.length >= seconds * 25 - 30, `${list.length} pictures`);
  assert.ok(share >= least, `${share} read`);
  return { good, steps };
}

test('the test channel is read back from what players decode', async (t) => {
  const relay = await startRelay(t, ['test']);
  await debugWindow(relay, Date.now() - 60_000, Date.now() + 3600_000);
  const token = await relay.token('test');
  const rtmp = ['-t', String(seconds), '-i', `${relay.rtmp}/live/test?token=${token}`];
  await relay.untilMedia('test', token, { seconds: 20, segments: 3 });

  const [live, hls] = await Promise.all([
    codes(t, rtmp, 1280, 720),
    codes(t, ['-t', String(seconds), '-i', `${relay.http}/hls/test/index.m3u8?token=${token}`], 1280, 720),
  ]);
  const { good, steps } = judge(t, '720p 2.5 Mbit/s over RTMP', live, 0.999);
  assert.equal(steps, 0);
  assert.equal(judge(t, '720p 2.5 Mbit/s over HLS', hls, 0.999).steps, 0);
  const behind = Date.now() - good.at(-1).utcMs;
  assert.ok(behind > -100 && behind < 6000, `the last picture is ${behind} ms old`);

  const small = join(relay.dir, 'small.mkv'), whole = join(relay.dir, 'whole.mkv');
  const made = await Promise.all([
    run(t, 'ffmpeg', [...kQuiet, ...rtmp, '-vf', 'scale=640:360', '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '436k', '-maxrate', '436k', '-bufsize', '436k', '-g', '50', '-c:a', 'aac', '-b:a', '64k', small]),
    run(t, 'ffmpeg', [...kQuiet, ...rtmp, '-c', 'copy', whole]),
  ]);
  for (const end of made) assert.equal(end.code, 0, end.stderr);
  const tracks = await run(t, 'ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', whole]);
  assert.deepEqual(tracks.stdout.trim().split('\n').sort(), ['audio', 'video'], 'a recorder sees picture and sound, and waits for nothing else');
  judge(t, '360p 500 kbit/s', await codes(t, ['-i', small], 640, 360), 0.99);

  // Flash and beep by the timestamps of the file: its pictures' own UTC says when a beep is due.
  const list = await codes(t, ['-copyts', '-i', whole], 1280, 720);
  const probe = await run(t, 'ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0', whole]);
  const firstPts = Number(probe.stdout.split(/[\n,]/)[0]);
  const sound = await run(t, 'ffmpeg', ['-hide_banner', '-nostdin', '-copyts', '-i', whole, '-vn', '-af', 'silencedetect=n=-30dB:d=0.3', '-f', 'null', '-']);
  const audio = await run(t, 'ffprobe', ['-v', 'error', '-select_streams', 'a', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', whole]);
  const endOfSound = Math.max(...audio.stdout.split(/[\s,]+/).filter(Boolean).map(Number));
  // A file that ends in silence ends it too: that is no beep.
  const onsets = [...sound.stderr.matchAll(/silence_end: ([\d.]+)/g)].map(([, at]) => Number(at)).filter((at) => at < endOfSound - 0.03);
  const off = onsets.map((at) => (list[0].utcMs + (at - firstPts) * 1000) % 2000).map((ms) => (ms > 1000 ? ms - 2000 : ms)).filter((ms) => Math.abs(ms) < 400);
  t.diagnostic(`beep after flash: ${off.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(off.length >= Math.floor(seconds / 2) - 2, `${onsets.length} sounds`);
  for (const ms of off) assert.ok(Math.abs(ms) <= 45, `${ms} ms`);

  // Somebody publishes the stream from outside: the channel gives way, and comes back.
  const shown = () => codes(t, ['-t', '1', '-i', `${relay.rtmp}/live/test?token=${token}`], 1280, 720);
  const guest = publish(t, 'ffmpeg x264 -g 50', relay.publishUrl('test'));
  await until('the guest is on the screen', async () => { const list = await shown(); return list.length > 10 && !list.some(Boolean); }, 20, 500);
  await guest.stop();
  await until('the channel is back', async () => (await shown()).some(Boolean), 20, 500);

  await debugWindow(relay, Date.now() + 3600_000, Date.now() + 7200_000);
  await until('the channel is off the air', async () => /^tongke_stream_publisher_up\{stream="test"\} 0$/m.test(await (await fetch(`${relay.http}/metrics`)).text()), 10);
});
