// Does the picture move? Fed with what was presented; tells the page in words
// only (the node judges by QOE.md on the beacons) and asks for the one repair of
// a frozen decoder: Chrome before 137 can freeze the picture while sound goes on.
export interface MotionInput {
  now: number;               // ms
  media: number | null;      // s, the newest presented frame
  playhead: number;          // s
  buffered: number;          // s
  visible: boolean;
  paused: boolean;
}
export type Motion = 'waiting' | 'moving' | 'stalled' | 'frozen' | 'hidden' | 'paused';

const kStalledMs = 500, kFrozenMs = 1000, kRepairMs = 2000, kEnoughBuffered = 1.0;

export class MotionWatch {
  private media: number | null = null;
  private movedAt = 0;
  private playheadThen = 0;
  private repaired = false;

  /** Milliseconds since the picture last moved. */
  still(now: number): number { return this.media === null ? 0 : now - this.movedAt; }

  update(input: MotionInput): { motion: Motion; repair: boolean } {
    const moved = input.media !== null && (this.media === null || Math.abs(input.media - this.media) >= 0.02);
    if (moved || input.paused || !input.visible) {
      if (input.media !== null) this.media = input.media;
      this.movedAt = input.now;
      this.playheadThen = input.playhead;
      this.repaired = false;
    }
    if (this.media === null) return { motion: 'waiting', repair: false };
    if (input.paused) return { motion: 'paused', repair: false };
    if (!input.visible) return { motion: 'hidden', repair: false };
    const still = this.still(input.now);
    const fed = input.buffered >= kEnoughBuffered || input.playhead - this.playheadThen >= 0.5;
    if (!fed) return { motion: still >= kStalledMs ? 'stalled' : 'moving', repair: false };
    if (still < kFrozenMs) return { motion: 'moving', repair: false };
    const repair = still >= kRepairMs && !this.repaired;
    if (repair) this.repaired = true;
    return { motion: 'frozen', repair };
  }
}
