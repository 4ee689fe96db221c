// What the page saw, until the node has it on disk (CONTRACT §6, beacons). One
// batch a second; a batch is sent again until it is acknowledged; ten minutes
// are kept, then the oldest go and are counted.
import type { BeaconBatch, Sample } from '../../../common/ui/api';

export type Mark = NonNullable<BeaconBatch['marks']>[number];
export type FetchTiming = NonNullable<BeaconBatch['fetches']>[number];
export type Batch = Omit<BeaconBatch, 'sent_performance_now'>;

const kKeptBatches = 900;

export class BeaconQueue {
  private readonly waiting: Batch[] = [];
  private samples: Sample[] = [];
  private marks: Mark[] = [];
  private fetches: FetchTiming[] = [];
  private seq = 0;
  lost = 0;

  constructor(private readonly page: string, private readonly purpose: BeaconBatch['purpose'], private readonly limit = kKeptBatches) {}

  sample(sample: Sample): void { this.samples.push(sample); }
  mark(mark: Mark): void { this.marks.push(mark); }
  fetched(timing: FetchTiming): void { this.fetches.push(timing); }

  /** Closes the batch of what came since the last cut. */
  cut(): void {
    if (!this.samples.length && !this.marks.length && !this.fetches.length) return;
    const batch: Batch = { page: this.page, purpose: this.purpose, seq: ++this.seq, samples: this.samples };
    if (this.marks.length) batch.marks = this.marks;
    if (this.fetches.length) batch.fetches = this.fetches;
    this.samples = [];
    this.marks = [];
    this.fetches = [];
    this.waiting.push(batch);
    while (this.waiting.length > this.limit) { this.waiting.shift(); this.lost++; }
  }

  get depth(): number { return this.waiting.length; }
  /** The oldest batch that is not acknowledged. */
  head(): Batch | null { return this.waiting[0] ?? null; }
  done(seq: number): void { if (this.waiting[0]?.seq === seq) this.waiting.shift(); }
}
