// The synthetic main classroom: ffmpeg's test picture with a running clock and
// a tone, encoded live (720p25, about 2.5 Mbit/s H.264 + AAC, a keyframe every
// 2 s) and published over RTMP. It reconnects by itself when the relay goes.
//
// The strip of boxes at the top left is the clock for machines: 20 bits, most
// significant first, white = 1: tenths of a second since midnight, Asia/Shanghai.
export const kClockBits = 20;
export const kClockBox = { x: 40, y: 24, width: 24, height: 24, step: 28 };

const kShanghai = 8 * 3600;

function clockStrip() {
  const { x, y, width, height, step } = kClockBox;
  const boxes = [`drawbox=x=${x - 8}:y=${y - 8}:w=${step * kClockBits + 12}:h=${height + 16}:color=black:t=fill`];
  for (let i = 0; i < kClockBits; i++) {
    const bit = kClockBits - 1 - i;
    const on = `gte(mod(floor(t*10+0.01)\\,${2 ** (bit + 1)})\\,${2 ** bit})`;
    boxes.push(`drawbox=x=${x + i * step}:y=${y}:w=${width}:h=${height}:color=white:t=fill:enable='${on}'`);
  }
  return boxes.join(',');
}

/** The arguments of the ffmpeg that publishes `title` to `url`. */
export function publisherArguments(url, title) {
  const font = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';
  const text = (what, size, y) =>
    `drawtext=fontfile=${font}:text='${what}':fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=12:x=(w-tw)/2:y=${y}`;
  // Time of day while the clock is drawn, from zero again for the encoder.
  const midnight = Math.floor((Date.now() / 1000 + kShanghai) / 86400) * 86400 - kShanghai;
  const filter = [
    `setpts='PTS-STARTPTS+(RTCSTART/1000000-${midnight})/TB'`,
    clockStrip(),
    text(title, 40, 'h/2-110'),
    text('%{pts\\:hms}', 88, 'h/2-40'),
    `setpts=PTS-STARTPTS`,
    'format=yuv420p',
  ].join(',');
  return [
    '-hide_banner', '-nostdin', '-loglevel', 'warning',
    '-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25',
    '-re', '-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000',
    '-vf', filter,
    '-c:v', 'libx264', '-preset', 'superfast', '-profile:v', 'main', '-bf', '0', '-threads', '1',
    '-b:v', '2300k', '-maxrate', '2300k', '-bufsize', '2300k', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0',
    '-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-flags', '+global_header',
    '-map', '0:v', '-map', '1:a',
    '-f', 'fifo', '-fifo_format', 'flv', '-format_opts', 'flvflags=no_duration_filesize',
    '-drop_pkts_on_overflow', '1', '-attempt_recovery', '1', '-recover_any_error', '1',
    '-max_recovery_attempts', '0', '-recovery_wait_time', '1', '-restart_with_keyframe', '1', '-queue_size', '250',
    url,
  ];
}
