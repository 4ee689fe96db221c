// The main classroom's encoder dies and comes back (TRAPS.md 1.1): what readers
// see, for each length of the absence, with the same and with other parameters.
// Readers are ffmpeg over RTMP, ffmpeg over HLS and hls.js; a picture is new when
// a thumbnail of it differs from the one before and is not as dark as the slate,
// so neither the slate nor a held picture counts. TONGKE_FULL=1: the whole table, and two encoders that fight;
// else three rows at once.
import test from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { publish } from '../../support/media.mjs';
import { Child, run } from '../../support/process.mjs';
import { startRelay } from '../../support/relay.mjs';
import { pause, until } from '../../support/wait.mjs';
import { openBrowser, openPc } from './chromium.mjs';
import { openHlsJs, serveHlsJs } from './hlsjs_page.mjs';

const full = Boolean(process.env.TONGKE_FULL);
const kThumbnail = [32, 18], kBytes = kThumbnail[0] * kThumbnail[1], kDiffers = 8, kDark = 90;
const kGrace = 30;

const mean = (thumbnail) => thumbnail.reduce((sum, value) => sum + value, 0) / thumbnail.length;

/** ffmpeg that says when it decoded each new picture; started again when it ends, as somebody would who supervises it. */
class Reader {
  constructor(t, name, url) {
    Object.assign(this, { t, name, url, changes: [], reconnects: -1, warnings: '', stopped: false });
    this.#start();
  }
  #start() {
    this.reconnects += 1;
    let pending = Buffer.alloc(0), before = null;
    const take = (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (; pending.length >= kBytes; pending = pending.subarray(kBytes)) {
        const now = pending.subarray(0, kBytes);
        if (before && mean(now) > kDark && now.some((value, i) => Math.abs(value - before[i]) > kDiffers)) this.changes.push(Date.now());
        before = now;
      }
    };
    this.child = new Child(this.t, 'ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-i', this.url, '-an', '-fps_mode', 'passthrough',
      '-vf', `scale=${kThumbnail.join(':')}`, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'], { onStdout: take, keepStdout: false });
    this.child.ended.then(async () => {
      this.warnings += this.child.stderr;
      if (this.stopped) return;
      await pause(300);
      if (!this.stopped) this.#start();
    });
  }
  async stop() { this.stopped = true; await this.child.stop(); }
}

/** The longest time without a new picture that begins or goes on after `from`, in seconds. */
function darkness(changes, from, to) {
  const seen = [from, ...changes.filter((at) => at > from && at < to), to];
  return Math.max(...seen.slice(1).map((at, i) => at - seen[i])) / 1000;
}

/** What the media playlist said while it was watched: every segment once, and what is wrong with it. */
class PlaylistWatch {
  constructor(relay, stream, token) {
    Object.assign(this, { relay, stream, token, segments: new Map(), faults: [], done: false });
    this.running = this.#run();
  }
  async #run() {
    let highest = -1;
    while (!this.done) {
      const text = await this.relay.playlist(this.stream, this.token).catch(() => null);
      if (text) highest = this.#take(text, highest);
      await pause(250);
    }
  }
  #take(text, highest) {
    let msn = Number(text.match(/#EXT-X-MEDIA-SEQUENCE:(\d+)/)[1]), cut = false, pdt = null, seconds = 0;
    const target = Number(text.match(/#EXT-X-TARGETDURATION:(\d+)/)[1]);
    if (this.target && target !== this.target) this.faults.push(`TARGETDURATION ${this.target} -> ${target}`);
    this.target = target;
    for (const line of text.split('\n')) {
      if (line === '#EXT-X-DISCONTINUITY') cut = true;
      else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) pdt = Date.parse(line.slice(25));
      else if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice(8));
      else if (line && !line.startsWith('#')) {
        const name = line.split('?')[0], known = this.segments.get(msn);
        if (known && known.name !== name) this.faults.push(`${msn} was ${known.name}, is ${name}`);
        if (!known) this.segments.set(msn, { msn, name, cut, pdt, seconds });
        if (Math.round(seconds) > target) this.faults.push(`${msn} lasts ${seconds} s of at most ${target}`);
        [cut, pdt] = [false, null];
        msn += 1;
      }
    }
    if (msn - 1 < highest) this.faults.push(`the newest segment went from ${highest} to ${msn - 1}`);
    return msn - 1;
  }
  async stop() {
    this.done = true;
    await this.running;
    const list = [...this.segments.values()].sort((a, b) => a.msn - b.msn);
    list.slice(1).forEach((each, i) => { if (each.msn !== list[i].msn + 1) this.faults.push(`${list[i].msn} is followed by ${each.msn}`); });
    // Media time against the wall clock: what lies between two dates must be what the segments between them last.
    let anchor = null, sum = 0, hole = 0;
    for (const each of list) {
      if (each.pdt !== null && anchor !== null) hole = Math.max(hole, Math.abs(each.pdt - anchor - sum * 1000));
      if (each.pdt !== null) [anchor, sum] = [each.pdt, 0];
      sum += each.seconds;
    }
    return { list, faults: this.faults, cuts: list.slice(1).filter((each) => each.cut).length, holeMs: hole };
  }
}

async function makeFiles(t, dir) {
  const make = async (name, size, extra) => {
    const path = join(dir, name);
    const end = await run(t, 'ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', '30',
      '-c:v', 'libx264', '-preset', 'superfast', '-pix_fmt', 'yuv420p', '-b:v', '1500k', '-maxrate', '1500k', '-bufsize', '1500k', '-g', '50', '-c:a', 'aac', '-b:a', '96k', '-ac', '2', ...extra, path]);
    assert.equal(end.code, 0, end.stderr);
    return path;
  };
  return { same: await make('same.mp4', '1280x720', ['-bf', '2']), other: await make('other.mp4', '960x540', ['-bf', '0', '-profile:v', 'main']) };
}

test('readers outlive the publisher', async (t) => {
  const rows = full
    ? [0.1, 2, 10, 29, 31].flatMap((gap) => [{ gap, again: 'same' }, { gap, again: 'other' }]).concat({ gap: 8, again: 'frozen' })
    : [{ gap: 2, again: 'same' }, { gap: 7, again: 'same' }, { gap: 7, again: 'other' }];
  const relay = await startRelay(t, rows.map((_, i) => `s${i}`), `[stream_defaults]\ngrace_seconds = ${kGrace}\n`);
  const files = await makeFiles(t, relay.dir);
  const addressOf = await serveHlsJs(t), browser = await openBrowser(t);
  const table = [];

  const one = async ({ gap, again }, i) => {
    let slate = false;  // it was on
    const slateWatch = setInterval(async () => {
      const text = await fetch(`${relay.http}/metrics`).then((answer) => answer.text()).catch(() => '');
      slate ||= text.includes(`tongke_stream_slate{stream="s${i}"} 1`);
    }, 150);
    const stream = `s${i}`, token = await relay.token(stream), url = relay.publishUrl(stream);
    const first = publish(t, 'ffmpeg -c copy', url, files.same);
    await relay.untilMedia(stream, token, { segments: 4 });
    const readers = [new Reader(t, 'ffmpeg rtmp', `${relay.rtmp}/live/${stream}?token=${token}`), new Reader(t, 'ffmpeg hls', `${relay.http}/hls/${stream}/index.m3u8?token=${token}`)];
    const { page, context } = await openPc(browser);
    await openHlsJs(page, addressOf(`${relay.http}/hls/${stream}/index.m3u8?token=${token}`));
    await until('all readers show pictures', () => readers.every((reader) => reader.changes.length > 50), 30);
    const watch = new PlaylistWatch(relay, stream, token);
    await pause(4000 + Math.random() * 2000);  // anywhere in the GOP

    const lost = Date.now();
    let second;
    if (again === 'frozen') {
      first.kill('SIGSTOP');
      await pause(1000);
      second = publish(t, 'ffmpeg -c copy', url, files.same);
      await pause(gap * 1000 - 1000);
      first.kill('SIGCONT');
    } else {
      first.kill('SIGKILL');
      await pause(gap * 1000);
      second = publish(t, 'ffmpeg -c copy', url, files[again === 'same' ? 'same' : 'other']);
    }
    const back = Date.now();
    await until(`${stream}: hls.js shows new pictures`, () => page.evaluate((since) => window.__changes.filter((at) => at > since).length > 30, back), 60, 250);
    await pause(12_000);
    const now = Date.now();
    const changes = { 'hls.js': await page.evaluate(() => window.__changes) };
    for (const reader of readers) changes[reader.name] = reader.changes;
    const errors = await page.evaluate(() => window.__errors);
    const playlists = await watch.stop();
    for (const reader of readers) await reader.stop();
    clearInterval(slateWatch);
    const position = await page.evaluate(() => ({ paused: document.querySelector('video').paused, ended: document.querySelector('video').ended }));
    await context.close();
    await second.stop();
    await first.stop();
    const dark = Object.fromEntries(Object.entries(changes).map(([name, list]) => [name, darkness(list, lost, now - 500)]));
    table.push({ gap, again, dark, slate, cuts: playlists.cuts, holeMs: playlists.holeMs, faults: playlists.faults, reconnects: readers.map((reader) => reader.reconnects), errors });
    t.diagnostic(`${again === 'frozen' ? 'SIGSTOP 8 s, another publishes' : `away ${gap} s, ${again} parameters`}: no new picture for ${Object.entries(dark).map(([name, s]) => `${name} ${s.toFixed(1)} s`).join(', ')}; `
      + `slate ${slate ? 'on' : 'off'}, DISCONTINUITY ${playlists.cuts}, ${playlists.list.length} segments ${playlists.faults.length ? playlists.faults.join('; ') : 'MSN +1 each'}, date against media time off by ${playlists.holeMs.toFixed(0)} ms; `
      + `reconnects rtmp ${readers[0].reconnects}, hls ${readers[1].reconnects}; hls.js: ${errors.length ? [...new Set(errors)].join(', ') : 'no error'}`);
    assert.deepEqual([position.paused, position.ended], [false, false]);
  };
  if (full) for (const [i, row] of rows.entries()) await one(row, i);
  else await Promise.all(rows.map(one));

  for (const { gap, again, dark, slate, cuts, holeMs, faults, reconnects, errors } of table) {
    const name = `${gap} s, ${again}`, away = again === 'frozen' ? 1 : gap;
    assert.deepEqual(faults, [], name);
    // As long as the publisher was away, plus its own start and the keyframe; the slate's begin and end at the players' own pace.
    for (const [reader, seconds] of Object.entries(dark)) assert.ok(seconds < away + 6, `${name}: ${reader} without a new picture for ${seconds} s`);
    // It begins 1.5 target durations after the last frame.
    if (away < 2) assert.ok(!slate, name);
    if (away > 3) assert.ok(slate, name);
    assert.equal(cuts, (slate ? 2 : again === 'other' ? 1 : 0), `${name}: DISCONTINUITYs`);
    if (gap < kGrace) {
      assert.ok(holeMs < 60, `${name}: ${holeMs} ms`);
      assert.deepEqual(reconnects, [0, 0], name);
    }
    assert.ok(!errors.some((each) => each.endsWith('fatal=true')), `${name}: ${errors}`);
  }
});

test('two encoders with one key take turns twice, and readers are undisturbed', { skip: !full }, async (t) => {
  const relay = await startRelay(t, ['main']);
  const files = await makeFiles(t, relay.dir), token = await relay.token('main');
  let stopped = false, starts = 0;
  // Each is started again as soon as it ends, as encoders with "reconnect" do.
  const fight = async (file) => {
    while (!stopped) {
      starts += 1;
      const child = publish(t, 'ffmpeg -c copy', relay.publishUrl('main'), file);
      await Promise.race([child.ended, until('the end', () => stopped, 120, 200)]);
      if (stopped) await child.stop();
      else await pause(500);
    }
  };
  const fighters = [fight(files.same)];
  await relay.untilMedia('main', token, { segments: 3 });
  const reader = new Reader(t, 'ffmpeg rtmp', `${relay.rtmp}/live/main?token=${token}`);
  await until('pictures', () => reader.changes.length > 50, 30);
  const from = Date.now();
  fighters.push(fight(files.same));
  await pause(60_000);
  const replaced = Number((await (await fetch(`${relay.http}/metrics`)).text()).match(/^tongke_sessions_ended_total\{.*reason="replaced".*\} (\d+)$/m)?.[1] ?? NaN);
  t.diagnostic(`60 s of two encoders, ${starts} starts: ${replaced} take-overs; no new picture for ${darkness(reader.changes, from, Date.now() - 500).toFixed(1)} s, reconnects ${reader.reconnects}`);
  stopped = true;
  await Promise.all(fighters);
  await reader.stop();
  assert.ok(replaced <= 2, `${replaced} take-overs`);
  assert.equal(reader.reconnects, 0);
});
