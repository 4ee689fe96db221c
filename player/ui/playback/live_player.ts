// One live stream on one <video>: hls.js, what the page measures of it, the
// beacons to the node, and the words' raw material for the screen. Made by a
// click or by a page that comes back to its lesson; stopped by its owner.
import Hls, { type FragmentLoaderConstructor } from 'hls.js';
import type { BeaconBatch } from '../../../common/ui/api';
import type { ServerClock } from '../../../common/ui/clock';
import { BeaconQueue, type Mark } from './beacon_queue';
import { BeaconSender } from './beacon_sender';
import { rateFor } from './catch_up';
import { bufferedAhead, framesOf, FrameWatch } from './frame_watch';
import { hlsConfig, neverJumpBack } from './hls_setup';
import { MediaClock } from './media_clock';
import { MotionWatch, type Motion } from './motion';
import { newPageId } from './page_id';
import { Recovery } from './recovery';

export interface PlayerOptions {
  video: HTMLVideoElement;
  room: string;
  purpose: BeaconBatch['purpose'];
  playlist: string;
  clock: ServerClock;
  targetBuffer: () => number;
  clickedAt: number;                      // performance.now() ms
  loader?: FragmentLoaderConstructor;     // a gate before the fragments (stored_probe.ts)
}

export type Sound = 'on' | 'off' | 'blocked' | 'unknown';
export interface PlayerStatus {
  motion: Motion; stillSeconds: number; buffered: number;
  latency: number | null; bound: number | null;
  height: number | null; sound: Sound;
}

const kSampleMs = 200;
// Play begins with two segments in hand: with one, a line of 1.3 × the bitrate
// stalls in its first seconds. On a line too thin for that, soon after the first.
const kBeginSeconds = 3.9, kBeginWithinMs = 3000;

export class LivePlayer {
  readonly queue: BeaconQueue;
  private readonly sender: BeaconSender;
  private readonly frames: FrameWatch;
  private readonly dates = new MediaClock();
  private readonly motionWatch = new MotionWatch();
  private readonly marked = new Set<Mark['name']>();
  private readonly timer: number;
  private hls!: Hls;
  private recovery!: Recovery;
  private motion: Motion = 'waiting';
  private appendedAt: number | null = null;
  private begun = false;
  private blocked = false;
  private stopped = false;

  constructor(private readonly options: PlayerOptions) {
    const { video } = options;
    this.queue = new BeaconQueue(newPageId(), options.purpose);
    this.sender = new BeaconSender(`/api/v1/rooms/${encodeURIComponent(options.room)}/beacons`, this.queue);
    this.frames = new FrameWatch(video, (at) => this.mark('first_frame', at));
    this.mark('click', options.clickedAt);
    this.mark('rights', performance.now());
    video.pause();  // the click let it sound; begin() lets it move
    video.addEventListener('pause', this.onPause);
    this.build();
    this.timer = window.setInterval(() => this.sample(), kSampleMs);
  }

  private mark(name: Mark['name'], at: number): void {
    if (this.marked.has(name)) return;
    this.marked.add(name);
    // A frame's time is the display's and may lie ahead of the clock by a blink.
    this.queue.mark({ name, performance_now: Math.min(at, performance.now()) });
  }

  private build(): void {
    const { video, playlist, loader } = this.options;
    const hls = new Hls({ ...hlsConfig(), ...(loader ? { fLoader: loader } : {}) });
    this.hls = hls;
    this.dates.reset();
    neverJumpBack(hls);
    this.recovery = new Recovery(hls, playlist, () => this.rebuild());
    hls.on(Hls.Events.LEVEL_LOADED, () => this.mark('playlist', performance.now()));
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => this.dates.update(details.fragments));
    hls.on(Hls.Events.LEVEL_PTS_UPDATED, (_event, { details }) => this.dates.update(details.fragments));
    hls.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => {
      const { start, first, end } = frag.stats.loading;
      this.mark('first_byte', first);
      if (typeof frag.sn === 'number') this.queue.fetched({ msn: frag.sn, bytes: frag.stats.total, begin: start, end, stored: false });
    });
    hls.on(Hls.Events.BUFFER_APPENDED, () => {
      this.appendedAt ??= performance.now();
      this.mark('append', performance.now());
      this.begin();
      this.tell();
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => { if (this.begun) void this.play(); });
    hls.loadSource(playlist);
    hls.attachMedia(video);
  }

  // The buffer has jumped by a segment: the node's gauge follows at once.
  private tell(): void {
    if (this.stopped) return;
    this.sample();
    this.sender.flush();
  }

  private begin(): void {
    if (this.begun || this.appendedAt === null) return;
    const wanted = Math.min(kBeginSeconds, this.options.targetBuffer() / 2);
    if (bufferedAhead(this.options.video) < wanted && performance.now() - this.appendedAt < kBeginWithinMs) return;
    this.begun = true;
    void this.play();
  }

  private rebuild(): void {
    if (this.stopped) return;
    this.recovery.stop();
    this.hls.destroy();
    this.build();
  }

  /** Plays with sound. Where the browser forbids that without a click, plays the picture and says so. */
  async play(): Promise<void> {
    const { video } = this.options;
    video.muted = false;
    try {
      await video.play();
      this.blocked = false;
    } catch (error) {
      if ((error as DOMException).name !== 'NotAllowedError' || this.stopped) return;
      this.blocked = true;
      video.muted = true;
      await video.play().catch(() => undefined);
    }
  }

  // Nobody can pause a lesson: a media key or a lost sound device did it.
  private readonly onPause = (): void => {
    window.setTimeout(() => { if (this.begun && !this.stopped && this.options.video.paused) void this.play(); }, 300);
  };

  private sample(): void {
    this.begin();
    const { video, targetBuffer } = this.options;
    const now = performance.now();
    const { media, presented } = this.frames.read();
    const buffered = bufferedAhead(video);
    const visible = document.visibilityState === 'visible';
    this.queue.sample({
      performance_now: now, media_time: media, presented, buffered, visible, paused: video.paused,
      current_time: video.currentTime, dropped: framesOf(video).dropped,
      media_pdt: media === null ? null : this.dates.at(media),
    });
    const seen = this.motionWatch.update({ now, media, playhead: video.currentTime, buffered, visible, paused: video.paused });
    this.motion = seen.motion;
    if (seen.repair) video.currentTime = video.currentTime;
    if (seen.motion === 'stalled' || seen.motion === 'waiting') this.recovery.nudge(now);
    const target = this.hls.targetLatency;
    const behind = target === null || !this.hls.latency ? null : this.hls.latency - target;
    const rate = rateFor({ behind, buffered, target: targetBuffer(), rate: video.playbackRate });
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  status(): PlayerStatus {
    const { video, clock } = this.options;
    const now = performance.now();
    const media = this.frames.read().media;
    const captured = media === null ? null : this.dates.at(media);
    const server = clock.at(now);
    return {
      motion: this.motion, stillSeconds: this.motionWatch.still(now) / 1000, buffered: bufferedAhead(video),
      latency: captured === null || server === null ? null : (server - captured) / 1000, bound: clock.bound,
      height: video.videoHeight || null, sound: this.sound(),
    };
  }

  private sound(): Sound {
    const { video } = this.options;
    if (this.blocked) return 'blocked';
    if (this.motion === 'waiting') return 'unknown';
    const decoded = (video as { webkitAudioDecodedByteCount?: number }).webkitAudioDecodedByteCount;
    return video.muted || video.volume === 0 || decoded === 0 ? 'off' : 'on';
  }

  /** A stored segment that is listed but not being loaded, for the throughput probe. */
  storedSegment(): { url: string; msn: number } | null {
    const fragments = this.hls.latestLevelDetails?.fragments ?? [];
    const chosen = fragments[Math.min(3, fragments.length - 3)];
    return chosen && typeof chosen.sn === 'number' && !chosen.gap ? { url: chosen.url, msn: chosen.sn } : null;
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    const { video } = this.options;
    window.clearInterval(this.timer);
    video.removeEventListener('pause', this.onPause);
    this.frames.stop();
    this.recovery.stop();
    this.hls.destroy();
    video.playbackRate = 1;
    this.sender.close();
  }
}
