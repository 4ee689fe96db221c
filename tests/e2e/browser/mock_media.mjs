// Real fMP4 HLS for the mock node: the demo's own encoder command, written by
// ffmpeg's HLS muxer into a folder, served with the head of a playlist that the
// node writes (HOLD-BACK, blocking reload).
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publisherArguments } from '../../../scripts/lib/main_classroom.mjs';
import { until } from '../../support/wait.mjs';

export const kHoldBack = 10, kTargetDuration = 2;

export class MockMedia {
  frozenAt = null;  // the newest segment a reader may see while the "upstream" is away

  static async start() {
    const media = new MockMedia();
    media.dir = mkdtempSync(join(tmpdir(), 'tongke-mock-'));
    const publisher = publisherArguments('', '测试画面');
    const encode = publisher.slice(0, publisher.indexOf('fifo') - 1);
    media.ffmpeg = spawn('ffmpeg', [...encode, '-f', 'hls', '-hls_time', '2', '-hls_list_size', '30', '-hls_segment_type', 'fmp4',
      '-hls_flags', 'program_date_time+independent_segments+delete_segments+temp_file', '-hls_delete_threshold', '30',
      '-hls_segment_filename', join(media.dir, '%d.m4s'), '-hls_fmp4_init_filename', 'init.mp4', join(media.dir, 'out.m3u8')],
    { stdio: ['ignore', 'ignore', 'inherit'] });
    await until('the mock has 14 s of media', () => media.segments().length >= 7, 60);
    return media;
  }

  segments() {
    let text;
    try { text = readFileSync(join(this.dir, 'out.m3u8'), 'utf8'); } catch { return []; }
    const first = Number(text.match(/MEDIA-SEQUENCE:(\d+)/)?.[1] ?? 0);
    const found = [...text.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-PROGRAM-DATE-TIME:(\S+)\n(\S+)/g)];
    return found.map(([, duration, pdt, uri], i) => ({ msn: first + i, duration, pdt, uri }));
  }

  freeze() { this.frozenAt = this.segments().pop().msn; }
  thaw() { this.frozenAt = null; }

  listed() { return this.segments().filter((segment) => this.frozenAt === null || segment.msn <= this.frozenAt); }

  master() {
    return '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n'
      + '#EXT-X-STREAM-INF:BANDWIDTH=2700000,RESOLUTION=1280x720,FRAME-RATE=25.000,CODECS="avc1.4d401f,mp4a.40.2"\nlive.m3u8\n';
  }

  playlist() {
    const segments = this.listed();
    const head = `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:${kTargetDuration}\n#EXT-X-MEDIA-SEQUENCE:${segments[0].msn}\n`
      + `#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=${kHoldBack}\n#EXT-X-MAP:URI="init.mp4"\n`;
    return head + segments.map((s) => `#EXT-X-PROGRAM-DATE-TIME:${s.pdt}\n#EXTINF:${s.duration},\n${s.uri}\n`).join('');
  }

  /** Waits for `msn` as a blocking reload does; false after three target durations. */
  async wait(msn) {
    try {
      await until(`segment ${msn} is listed`, () => (this.listed().pop()?.msn ?? -1) >= msn, 3 * kTargetDuration, 20);
      return true;
    } catch { return false; }
  }

  file(name) { return /^[\w.]+$/.test(name) ? readFileSync(join(this.dir, name)) : null; }

  async stop() {
    const gone = new Promise((done) => this.ffmpeg.once('exit', done));
    this.ffmpeg.kill('SIGKILL');
    await gone;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
