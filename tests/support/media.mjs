// Real encoders and real players, by the command lines people use.
import { Child, run } from './process.mjs';

const kQuiet = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];
const kSource = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25', '-re', '-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000'];
const kH264 = ['-c:v', 'libx264', '-preset', 'superfast', '-pix_fmt', 'yuv420p', '-b:v', '2300k', '-maxrate', '2300k', '-bufsize', '2300k', '-threads', '1'];
const kAac = ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'];

export const publishers = {
  'ffmpeg x264 -g 50': (url) => ['ffmpeg', [...kQuiet, ...kSource, ...kH264, '-g', '50', ...kAac, '-f', 'flv', url]],
  'ffmpeg x264 defaults': (url) => ['ffmpeg', [...kQuiet, ...kSource, '-c:v', 'libx264', '-preset', 'superfast', '-pix_fmt', 'yuv420p', ...kAac, '-f', 'flv', url]],
  'ffmpeg -c copy': (url, file) => ['ffmpeg', [...kQuiet, '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', url]],
  'gst rtmp2sink': (url) => ['gst-launch-1.0', ['-q', 'videotestsrc', 'is-live=true', '!', 'video/x-raw,width=1280,height=720,framerate=25/1', '!',
    'x264enc', 'speed-preset=superfast', 'bitrate=2300', 'key-int-max=50', 'threads=1', '!', 'h264parse', '!', 'queue', '!', 'flvmux', 'name=m', 'streamable=true', '!',
    'rtmp2sink', `location=${url}`, 'audiotestsrc', 'is-live=true', 'volume=0.1', '!', 'audio/x-raw,rate=48000,channels=2', '!', 'avenc_aac', '!', 'aacparse', '!', 'queue', '!', 'm.']],
};

export function publish(test, kind, url, file) {
  const [command, args] = publishers[kind](url, file);
  return new Child(test, command, args);
}

/** A file with a keyframe every 2 s, for -c copy and for payload comparison. */
export async function makeFile(test, path, seconds = 20) {
  const made = await run(test, 'ffmpeg', [...kQuiet, '-y', ...kSource.filter((word) => word !== '-re'), '-t', String(seconds), ...kH264, '-bf', '2', '-g', '50', ...kAac, path], { timeoutSeconds: 120 + seconds });
  if (made.code !== 0) throw new Error(made.stderr);
  return path;
}

// One second more than is counted: the first video frame follows the first of the sound.
const ffmpegReader = (input) => (seconds) => ['ffmpeg', [...kQuiet, ...input, '-t', String(seconds + 1), '-fps_mode', 'passthrough', '-progress', 'pipe:1', '-nostats', '-f', 'null', '-']];
const gstCounts = (seconds) => ({ video: `num-buffers=${seconds * 25}`, audio: `num-buffers=${Math.floor(seconds * 46.8)}` });
/** playbin never ends by itself on a live stream: it is interrupted as a person would; its sink tells the frames it showed.
 *  sync=true: played faster than it arrives, gst-launch pauses to buffer and GStreamer 1.22 may wait for a queue that is full at 87 %. */
const playbin = (element, rank, url) => () => ['gst-launch-1.0',
  ['-v', element, `uri=${url}`, `video-sink=fpsdisplaysink text-overlay=false sync=true video-sink=fakesink`, `audio-sink=fakesink sync=true`],
  { GST_PLUGIN_FEATURE_RANK: rank }, { interrupt: true }];

export const readers = (rtmpUrl, hlsUrl) => ({
  'ffmpeg rtmp': ffmpegReader(['-i', rtmpUrl]),
  'rtmpdump | ffmpeg': (seconds) => ['sh', ['-c', `rtmpdump -q --live -r '${rtmpUrl}' -o - | ffmpeg ${kQuiet.join(' ')} -i - -t ${seconds + 1} -fps_mode passthrough -progress pipe:1 -nostats -f null -`]],
  'gst rtmp2src': (seconds) => {
    const { video, audio } = gstCounts(seconds);
    return ['gst-launch-1.0', ['-q', 'rtmp2src', `location=${rtmpUrl}`, '!', 'flvdemux', 'name=d', 'd.video', '!', 'queue', '!', 'h264parse', '!', 'avdec_h264', '!', 'fakesink', video,
      'd.audio', '!', 'queue', '!', 'aacparse', '!', 'avdec_aac', '!', 'fakesink', audio]];
  },
  'ffmpeg hls': ffmpegReader(['-i', hlsUrl]),
  'gst playbin hlsdemux': playbin('playbin', 'hlsdemux2:NONE', hlsUrl),
  'gst playbin3 hlsdemux2': playbin('playbin3', 'hlsdemux:NONE', hlsUrl),
});

/** Runs one reader to its end: {code, frames (ffmpeg and playbin), warnings}. */
export async function read(test, [command, args, env = {}, { interrupt = false } = {}], seconds) {
  let shown = 0;
  const count = (chunk) => { for (const [, n] of String(chunk).matchAll(/rendered: (\d+)/g)) shown = Number(n); };
  const child = new Child(test, command, args, { env: { ...process.env, ...env }, ...(interrupt ? { onStdout: count, keepStdout: false } : {}) });
  const watch = setInterval(() => { if (interrupt && shown >= seconds * 25) child.kill('SIGINT'); }, 200);
  const hard = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000);
  const end = await child.ended;
  clearInterval(watch);
  clearTimeout(hard);
  const frames = interrupt ? shown : Number([...child.stdout.matchAll(/^frame=\s*(\d+)$/gm)].pop()?.[1] ?? NaN);
  return { ...end, frames: Number.isNaN(frames) ? null : frames, warnings: child.stderr.trim() };
}

// What a player says although nothing is wrong, and why.
const kExplained = [
  // ffmpeg's null muxer on a frame rate guessed from GStreamer's uneven live timestamps; the same behind nginx-rtmp.
  /Application provided invalid, non monotonically increasing dts to muxer in stream 0: \d+ >= \d+$/,
  // fpsdisplaysink of GStreamer 1.22 under gst-launch -v, whatever the source.
  /GStreamer-CRITICAL .*: Padname sink is not unique in element fpsdisplaysink0, not adding$/,
  // ffmpeg 5.1 compares EXT-X-MAP by pointer and feeds the same init section again after each playlist reload.
  /Found duplicated MOOV Atom\. Skipped it$/, /^\s*Last message repeated \d+ times$/,
];

/** What a reader said that we cannot explain, line by line. */
export const complaints = ({ warnings }) => warnings.split('\n').filter((line) => line && !kExplained.some((known) => known.test(line)));
