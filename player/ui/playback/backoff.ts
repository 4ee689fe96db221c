// When to try again: at once after the first failure, then full jitter up to a
// ceiling that doubles to `maxMs`. Never gives up.
export class Backoff {
  private failures = 0;
  constructor(private readonly baseMs: number, private readonly maxMs: number, private readonly random: () => number = Math.random) {}

  next(): number {
    const ceiling = this.failures === 0 ? 0 : Math.min(this.maxMs, this.baseMs * 2 ** (this.failures - 1));
    this.failures++;
    return ceiling * (0.5 + 0.5 * this.random());
  }

  reset(): void { this.failures = 0; }
}
