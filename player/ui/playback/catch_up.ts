// How fast to play so that rooms stay together: never a seek, at most 1.05×
// (QOE.md §3), and only with buffer in hand.
export const kCatchUpRate = 1.05;
const kBegin = 1.0, kEnd = 0.2;

export interface CatchUpInput { behind: number | null; buffered: number; target: number; rate: number }

/** `behind`: seconds behind the wanted distance from the live edge. */
export function rateFor({ behind, buffered, target, rate }: CatchUpInput): number {
  if (behind === null || buffered < target * 0.5) return 1;
  const catching = rate > 1;
  return behind > (catching ? kEnd : kBegin) ? kCatchUpRate : 1;
}
