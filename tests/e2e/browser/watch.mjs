// What a tester in front of the page would see and hear, measured inside it:
// presented frames, dropped frames, sound level, the clock drawn in the picture.
// None of it uses the page's own code.
import { pause } from '../../support/wait.mjs';
import { kClockBits, kClockBox } from '../../../scripts/lib/main_classroom.mjs';

const kTenthsOfDay = 864_000;

/** Starts logging each presented frame of the page's one <video> and its sound. */
export function watch(page) {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const log = { frames: [], peaks: [], captures: 1 };
    log.before = video.getVideoPlaybackQuality();
    window.__watch = log;
    const each = (now, frame) => { log.frames.push([now, frame.mediaTime, frame.presentedFrames]); video.requestVideoFrameCallback(each); };
    video.requestVideoFrameCallback(each);
    // A capture begun while the sound is being set up can stay empty for good
    // in Chromium: after two seconds of digital silence it is taken anew.
    const listen = () => {
      const stream = video.captureStream();
      if (!stream.getAudioTracks().length) { setTimeout(listen, 200); return; }
      const context = new AudioContext(), analyser = context.createAnalyser();
      analyser.fftSize = 2048;
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      let silent = 0;
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
        log.peaks.push([performance.now(), 10 * Math.log10(power + 1e-12)]);
        silent = power === 0 ? silent + 1 : 0;
        if (silent < 20) return;
        log.captures++;
        clearInterval(timer);
        void context.close();
        listen();
      }, 100);
    };
    listen();
  });
}

/** Figures of the last `seconds`: fps, dropped share since watch(), sound in dBFS (median RMS), longest wait for a frame. */
export function figures(page, seconds) {
  return page.evaluate((window_s) => {
    const { frames, peaks, captures, before } = window.__watch;
    const since = performance.now() - window_s * 1000;
    const shown = frames.filter(([now]) => now >= since);
    const gaps = shown.slice(1).map(([now], i) => now - shown[i][0]);
    const levels = peaks.filter(([now]) => now >= since).map(([, level]) => level).sort((a, b) => a - b);
    const presented = shown.length ? shown[shown.length - 1][2] - shown[0][2] : 0;
    const span = shown.length ? (shown[shown.length - 1][0] - shown[0][0]) / 1000 : 0;
    const quality = document.querySelector('video').getVideoPlaybackQuality();
    return {
      fps: span > 0 ? presented / span : 0, span, longest_gap_s: Math.max(0, ...gaps) / 1000,
      dropped: (quality.droppedVideoFrames - before.droppedVideoFrames) / Math.max(1, quality.totalVideoFrames - before.totalVideoFrames),
      captures,
      sound_dbfs: levels.length ? levels[Math.floor(levels.length / 2)] : -Infinity,
    };
  }, seconds);
}

/** The same, of a minute when more than 1 % was dropped until then: in 12 s that is three pictures, one hiccup of a machine that others use too. */
export async function figuresOfAMinuteAtMost(page, seconds) {
  const seen = await figures(page, seconds);
  if (seen.dropped < 0.01 || seconds >= 60) return seen;
  await pause((60 - seconds) * 1000);
  return { ...await figures(page, 60), dropped_at_first: seen.dropped };
}

/** Steps of the media time between presented frames that are no single frame: jumps and repeats, in seconds. Chromium may show the last frame before a starved buffer's end once more: one frame back is no jump. */
export function jumps(page) {
  return page.evaluate(() => {
    const { frames } = window.__watch;
    return frames.slice(1).map(([, media], i) => media - frames[i][1]).filter((step) => step < -0.045 || step > 0.5);
  });
}

/** Seconds between now and the clock drawn in the picture, and the page's own words at that instant. */
export async function latencyInPicture(page) {
  const seen = await page.evaluate(([bits, box]) => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = 1280; canvas.height = 720;
    const pen = canvas.getContext('2d');
    pen.drawImage(video, 0, 0, 1280, 720);
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const [r, g, b] = pen.getImageData(box.x + i * box.step + box.width / 2, box.y + box.height / 2, 1, 1).data;
      value = value * 2 + (r + g + b > 384 ? 1 : 0);
    }
    return { tenths: value, now: Date.now(), words: document.body.innerText.match(/与主课堂相差 (\d+) 秒/)?.[0] ?? null };
  }, [kClockBits, kClockBox]);
  const nowTenths = ((seen.now / 100) + 8 * 36_000) % kTenthsOfDay;
  const truth = ((nowTenths - seen.tenths + kTenthsOfDay) % kTenthsOfDay) / 10;
  return { truth, told: seen.words ? Number(seen.words.match(/\d+/)[0]) : null };
}
