// The test's throughput on the hop node → PC (QOE.md §5): every 10 s one stored
// segment, with nothing else of this page on the line. A gate before hls.js's
// fragment loader lets the running fragment finish and holds the next until the
// probe is through, so that the figure is the line's and not a share of it.
import Hls, { type FragmentLoaderConstructor, type FragmentLoaderContext, type LoaderCallbacks, type LoaderConfiguration } from 'hls.js';
import type { FetchTiming } from '../playback/beacon_queue';

export const kProbeEveryMs = 10_000;
const kProbeTimeoutMs = 20_000;

export class FragmentGate {
  private running = 0;
  private held: (() => void)[] = [];
  private shut = false;
  private idle: (() => void) | null = null;

  enter(begin: () => void): () => void {
    if (!this.shut) { this.running++; begin(); return () => undefined; }
    const later = () => { this.running++; begin(); };
    this.held.push(later);
    return () => { this.held = this.held.filter((each) => each !== later); };
  }

  leave(): void { if (--this.running === 0) this.idle?.(); }

  /** Runs `work` while no fragment is loading. */
  async alone(work: () => Promise<void>): Promise<void> {
    this.shut = true;
    if (this.running > 0) await new Promise<void>((done) => { this.idle = done; });
    this.idle = null;
    try { await work(); } finally {
      this.shut = false;
      for (const begin of this.held.splice(0)) begin();
    }
  }
}

/** hls.js's own loader, behind the gate. */
export function gatedLoader(gate: FragmentGate): FragmentLoaderConstructor {
  const Base = Hls.DefaultConfig.loader;
  return class extends Base {
    private inside = false;
    private cancel: () => void = () => undefined;

    load(context: FragmentLoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<FragmentLoaderContext>): void {
      const out = () => { if (this.inside) { this.inside = false; gate.leave(); } };
      this.cancel = gate.enter(() => {
        this.inside = true;
        super.load(context, config, {
          ...callbacks,
          onSuccess: (...rest: Parameters<typeof callbacks.onSuccess>) => { out(); callbacks.onSuccess(...rest); },
          onError: (...rest: Parameters<typeof callbacks.onError>) => { out(); callbacks.onError(...rest); },
          onTimeout: (...rest: Parameters<typeof callbacks.onTimeout>) => { out(); callbacks.onTimeout(...rest); },
        } as Parameters<InstanceType<typeof Base>['load']>[2]);
      });
    }

    abort(): void { this.finish(); super.abort(); }
    destroy(): void { this.finish(); super.destroy(); }
    private finish(): void {
      this.cancel();
      if (this.inside) { this.inside = false; gate.leave(); }
    }
  } as unknown as FragmentLoaderConstructor;
}

/** First to last byte by the browser's own resource timing, else by ours. */
async function timed(url: string): Promise<{ bytes: number; begin: number; end: number }> {
  performance.clearResourceTimings();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), kProbeTimeoutMs);
  try {
    const response = await fetch(url, { cache: 'no-store', credentials: 'same-origin', signal: abort.signal });
    const begin = performance.now();
    if (!response.ok) throw new Error(String(response.status));
    const { byteLength: bytes } = await response.arrayBuffer();
    const end = performance.now();
    await new Promise((done) => setTimeout(done, 50));  // the timing entry follows the body
    const entry = performance.getEntriesByName(url).pop() as PerformanceResourceTiming | undefined;
    return entry && entry.responseStart > 0 ? { bytes, begin: entry.responseStart, end: entry.responseEnd } : { bytes, begin, end };
  } finally {
    clearTimeout(timer);
  }
}

export class StoredProbe {
  private timer = 0;
  private stopped = false;

  constructor(private readonly gate: FragmentGate, private readonly choose: () => { url: string; msn: number } | null,
    private readonly report: (timing: FetchTiming) => void) { this.again(kProbeEveryMs); }

  private again(wait: number): void {
    this.timer = window.setTimeout(() => void this.probe(), wait);
  }

  private async probe(): Promise<void> {
    const begun = performance.now();
    const chosen = this.choose();
    if (chosen) await this.gate.alone(async () => this.report({ msn: chosen.msn, stored: true, ...await timed(chosen.url) })).catch(() => undefined);
    if (!this.stopped) this.again(Math.max(1000, kProbeEveryMs - (performance.now() - begun)));
  }

  stop(): void { this.stopped = true; window.clearTimeout(this.timer); }
}
