// The server's clock as this page knows it: its time in an answer, placed in the
// middle of the round trip. The sample with the shortest trip wins, because its
// error is at most half of it. The PC's own clock is never used.
interface Estimate { base: number; rtt: number; at: number }  // server ms − performance ms

const kKeepMs = 120_000;

export class ServerClock {
  private best: Estimate | null = null;

  /** `server` unix ms; `sent`, `received` performance.now() ms. */
  note(server: number, sent: number, received: number): void {
    if (!Number.isFinite(server)) return;
    const fresh: Estimate = { base: server - (sent + received) / 2, rtt: received - sent, at: received };
    const old = this.best;
    const stepped = old !== null && Math.abs(fresh.base - old.base) > (fresh.rtt + old.rtt) / 2 + 50;
    if (old === null || stepped || fresh.rtt <= old.rtt || received - old.at > kKeepMs) this.best = fresh;
  }

  get known(): boolean { return this.best !== null; }
  /** ± seconds. */
  get bound(): number | null { return this.best && this.best.rtt / 2000; }
  get rtt(): number | null { return this.best && this.best.rtt; }

  /** Unix ms on the server's clock, or null while unknown. */
  at(performanceMs: number): number | null { return this.best && this.best.base + performanceMs; }
  now(): number | null { return this.at(performance.now()); }
  /** How far the PC's clock is ahead of the server's, in seconds. */
  pcOffset(): number | null {
    const server = this.now();
    return server === null ? null : (Date.now() - server) / 1000;
  }
}
