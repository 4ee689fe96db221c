// A bad encoder is seen by the operator before the classrooms see it: black,
// frozen and silent input, from real encoders, as GET /api/v1/streams tells it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Child } from '../support/process.mjs';
import { startRelay } from '../support/relay.mjs';
import { pause, until } from '../support/wait.mjs';

const between = (from, to) => `enable='between(t,${from},${to})'`;
const kSpeech = "aevalsrc='0.3*sin(2*PI*300*t)*pow(sin(2*PI*2*t),2)':s=48000,pan=stereo|c0=c0|c1=c0";

function encoder(t, url, picture, sound, options) {
  return new Child(t, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', `${picture},format=yuv420p[out0];${sound}[out1]`,
    '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-maxrate', '600k', '-bufsize', '600k', '-b:v', '600k', '-g', '50',
    '-c:a', 'aac', '-b:a', '96k', ...options, '-f', 'flv', url]);
}

const kBegins = { black: 5, frozen: 12, silence: 12 };

/** Black from 5 to 10 s; still and silent from 12 to 24 s; fine again until 28 s. */
const troubled = (t, url) => encoder(t, url,
  `testsrc2=s=640x360:r=25,drawbox=color=black:t=fill:${between(5, 9.99)}[moving];smptehdbars=s=640x360:r=25[bars];[moving][bars]overlay=${between(12, 23.99)}`,
  `${kSpeech},volume=0:${between(12, 24)}`, ['-t', '28']);

/** A slide that somebody talks about. */
const slide = (t, url) => encoder(t, url, 'smptehdbars=s=640x360:r=25', kSpeech, []);

test('black, frozen and silent input is told within a second of its threshold, with begin and end; a slide with voice is no alarm', async (t) => {
  const relay = await startRelay(t, ['main', 'slide']);
  const operator = await relay.operator();
  const streams = async () => {
    const { status, body } = await operator.json('/api/v1/streams');
    assert.equal(status, 200);
    return Object.fromEntries(body.streams.map((stream) => [stream.name, stream]));
  };
  const talk = slide(t, relay.publishUrl('slide')), trouble = troubled(t, relay.publishUrl('main'));
  const told = {}, slideLevels = new Set();
  let begin = 0;  // of the encoder, as the relay saw it
  await until('the troubled encoder is done', async () => {
    const { main, slide: talked } = await streams();
    if (main.publisher) begin ||= Date.parse(main.publisher.since) / 1000;
    for (const { code } of main.advisories) told[code] ??= Date.now();
    for (const { code, level } of talked.advisories) slideLevels.add(`${code} ${level}`);
    return trouble.result;
  }, 60, 100);
  assert.equal(trouble.result.code, 0, trouble.stderr);
  const { main } = await streams();
  const find = (code) => main.past_advisories.find((each) => each.code === code);
  const at = (code, moment) => Date.parse(find(code)[moment]) / 1000;
  t.diagnostic(JSON.stringify(main.past_advisories.map(({ code, level, since, until: end }) => ({ code, level, told_after_s: (told[code] - Date.parse(since)) / 1000, begin_off_s: Date.parse(since) / 1000 - begin - kBegins[code], lasted_s: (Date.parse(end) - Date.parse(since)) / 1000 }))));
  assert.deepEqual(main.past_advisories.map(({ code }) => code).sort(), ['black', 'frozen', 'silence']);
  for (const [code, threshold, length] of [['black', 3, 5], ['frozen', 10, 12], ['silence', 10, 12]]) {
    const after = told[code] / 1000 - at(code, 'since');
    assert.ok(after >= threshold - 0.1 && after <= threshold + 1.2, `${code} told after ${after} s`);  // polled each 0.1 s
    // An encoder has its own delay, some tenths of a second.
    const real = begin + kBegins[code];
    assert.ok(Math.abs(at(code, 'since') - real) < 1, `${code} begins ${at(code, 'since') - real} s off`);
    assert.ok(told[code] / 1000 - real < threshold + 1.5, `${code} told ${told[code] / 1000 - real} s after it began`);
    // The end of a picture that stood still is known at the next keyframe.
    const lasted = at(code, 'until') - at(code, 'since');
    assert.ok(lasted >= length - 1.2 && lasted <= length + 2.5, `${code} lasted ${lasted} s`);
  }
  assert.ok(Math.abs(at('silence', 'since') - at('black', 'since') - 7) < 0.5, 'sound and picture begin where they did');
  assert.ok(Math.abs(at('frozen', 'since') - at('black', 'since') - 7) < 1, 'the picture stood still where it did');

  await pause(8000);  // the slide has stood for longer than an alarm takes
  for (const { code, level } of (await streams()).slide.advisories) slideLevels.add(`${code} ${level}`);
  assert.deepEqual([...slideLevels], ['frozen notice']);
  assert.equal(talk.result, undefined);
});
