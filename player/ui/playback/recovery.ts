// Keeps hls.js going whatever happens: each fatal error has one answer, taken
// after a jittered wait; a player that stays silent is started anew.
import Hls, { type ErrorData } from 'hls.js';
import { Backoff } from './backoff';

const kSilentMs = 15_000;

export class Recovery {
  private readonly backoff = new Backoff(500, 3000);
  private timer = 0;
  private mediaErrors = 0;
  private heardAt = performance.now();

  /** `rebuild` makes a new Hls for the same <video>. */
  constructor(private readonly hls: Hls, private readonly playlist: string, private readonly rebuild: () => void) {
    hls.on(Hls.Events.ERROR, (_event, data) => { if (data.fatal) this.fatal(data); });
    hls.on(Hls.Events.LEVEL_LOADED, () => this.heard());
    hls.on(Hls.Events.FRAG_LOADED, () => { this.heard(); this.backoff.reset(); });
    hls.on(Hls.Events.BUFFER_APPENDED, () => { this.mediaErrors = 0; });
  }

  private heard(): void { this.heardAt = performance.now(); }

  private fatal(data: ErrorData): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.answer(data), this.backoff.next());
  }

  private answer(data: ErrorData): void {
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR || data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) { this.load(); return; }
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && ++this.mediaErrors <= 3) { this.hls.recoverMediaError(); return; }
    this.rebuild();
  }

  private load(): void {
    if (this.hls.levels.length) this.hls.startLoad(-1);
    else this.hls.loadSource(this.playlist);
  }

  /** Called now and then while the picture stands still with nothing arriving. */
  nudge(now: number): void {
    if (now - this.heardAt < kSilentMs) return;
    this.heard();
    this.load();
  }

  stop(): void { window.clearTimeout(this.timer); }
}
