// Sends the queue in order, one request at a time. 204 is the only
// acknowledgement; a batch the node calls malformed is dropped, or it would hold
// back all that follow.
import { ApiError, call } from '../../../common/ui/http';
import { Backoff } from './backoff';
import type { BeaconQueue } from './beacon_queue';

const kEveryMs = 1000;
const kMalformed = new Set([400, 413, 422]);

export class BeaconSender {
  private readonly backoff = new Backoff(500, 4000);
  private timer = 0;
  private retry = 0;
  private sending = false;
  private closing = false;

  constructor(private readonly path: string, private readonly queue: BeaconQueue) {
    this.timer = window.setInterval(() => { this.queue.cut(); void this.drain(); }, kEveryMs);
  }

  /** Something the node should know now, not at the next turn. */
  flush(): void {
    if (this.closing) return;
    this.queue.cut();
    void this.drain();
  }

  /** Sends what is left, for as long as the page lives and the node wants it. */
  close(): void {
    window.clearInterval(this.timer);
    this.closing = true;
    this.queue.cut();
    void this.drain();
  }

  private async drain(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    window.clearTimeout(this.retry);
    for (let batch = this.queue.head(); batch; batch = this.queue.head()) {
      try {
        await call('POST', this.path, { ...batch, sent_performance_now: performance.now() }, { timeoutMs: 4000, keepalive: this.closing });
        this.backoff.reset();
        this.queue.done(batch.seq);
      } catch (error) {
        const status = error instanceof ApiError ? error.status : 0;
        const ended = error instanceof ApiError && error.code === 'no_test_running';  // the test is over: nobody needs them
        if (ended || kMalformed.has(status)) { this.queue.done(batch.seq); continue; }
        // After the lesson the node no longer wants them: nothing to wait for.
        if (this.closing && status >= 400 && status < 500) break;
        this.retry = window.setTimeout(() => void this.drain(), this.backoff.next());
        break;
      }
    }
    this.sending = false;
  }
}
