// From a position on the <video>'s timeline to the wall clock that the main
// classroom stamped on it (EXT-X-PROGRAM-DATE-TIME, C02).
export interface DatedFragment { start: number; duration: number; programDateTime: number | null }

/** Unix ms of `media` seconds, or null when no listed fragment says. */
export function pdtAt(fragments: readonly (DatedFragment | null)[], media: number): number | null {
  let before: DatedFragment | null = null;
  for (const fragment of fragments) {
    if (!fragment || fragment.programDateTime === null) continue;
    if (fragment.start > media) break;
    before = fragment;
  }
  if (!before) return null;
  // Past the newest listed fragment the clock runs on for a moment, not for ever.
  return media - before.start <= before.duration + 30 ? before.programDateTime! + (media - before.start) * 1000 : null;
}

/** Keeps the dates of fragments that have left the playlist but are still on screen. */
export class MediaClock {
  private dated: DatedFragment[] = [];

  /** `fragments`: the newest playlist, on the timeline it has now. */
  update(fragments: readonly DatedFragment[]): void {
    const first = fragments[0];
    if (!first) return;
    const older = this.dated.filter((fragment) => fragment.start < first.start - 0.001);
    this.dated = [...older.slice(-60), ...fragments.map(({ start, duration, programDateTime }) => ({ start, duration, programDateTime }))];
  }

  reset(): void { this.dated = []; }
  at(media: number): number | null { return pdtAt(this.dated, media); }
}
