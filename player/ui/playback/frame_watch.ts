// The newest presented frame of a <video>: requestVideoFrameCallback where the
// browser has it (Chrome 83), else the playhead and the frame counter.
interface FrameMetadata { mediaTime: number; presentedFrames: number; presentationTime: number }
type FrameVideo = HTMLVideoElement & {
  requestVideoFrameCallback?: (callback: (now: number, metadata: FrameMetadata) => void) => number;
  cancelVideoFrameCallback?: (handle: number) => void;
};

export class FrameWatch {
  private media: number | null = null;
  private presented = 0;
  private handle = 0;
  private first: ((at: number) => void) | null;
  private readonly video: FrameVideo;

  /** `onFirst`: performance.now() ms of the first frame on screen. */
  constructor(video: HTMLVideoElement, onFirst: (at: number) => void) {
    this.video = video;
    this.first = onFirst;
    this.watch();
  }

  private watch(): void {
    if (!this.video.requestVideoFrameCallback) return;
    this.handle = this.video.requestVideoFrameCallback((now, frame) => {
      // A picture that does not move yet is no start.
      if (this.first && this.video.paused) { this.watch(); return; }
      this.media = frame.mediaTime;
      this.presented = frame.presentedFrames;
      this.tellFirst(now);
      this.watch();
    });
  }

  private tellFirst(at: number): void {
    const tell = this.first;
    this.first = null;
    tell?.(at);
  }

  read(): { media: number | null; presented: number } {
    if (!this.video.requestVideoFrameCallback && this.video.readyState >= 2 && this.video.currentTime > 0) {
      this.media = this.video.currentTime;
      this.presented = framesOf(this.video).total;
      if (this.presented > 0) this.tellFirst(performance.now());
    }
    return { media: this.media, presented: this.presented };
  }

  stop(): void { this.video.cancelVideoFrameCallback?.(this.handle); }
}

export function framesOf(video: HTMLVideoElement): { total: number; dropped: number } {
  const quality = video.getVideoPlaybackQuality();
  return { total: quality.totalVideoFrames, dropped: quality.droppedVideoFrames };
}

/** Seconds of media ahead of the playhead without a hole. The browser lists what audio and video both have. */
export function bufferedAhead(video: HTMLVideoElement): number {
  const ranges = video.buffered, at = video.currentTime;
  for (let i = 0; i < ranges.length; i++)
    if (ranges.start(i) <= at + 0.1 && at < ranges.end(i)) return ranges.end(i) - at;
  return 0;
}
