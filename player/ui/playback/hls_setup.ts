// How hls.js is set up here: it never gives up on an error, never seeks to the
// live edge, and takes its distance from the playlist's HOLD-BACK. No worker, so
// that the page needs no blob: script in its Content-Security-Policy.
import Hls, { type HlsConfig, type LoadPolicy, type RetryConfig } from 'hls.js';

const kGone = new Set([404, 410]);

/** Retries are spread by a factor of each page's own. */
function retries(shouldRetry?: RetryConfig['shouldRetry']): RetryConfig {
  const jitter = 0.75 + Math.random() * 0.5;
  return { maxNumRetry: Infinity, retryDelayMs: 300 * jitter, maxRetryDelayMs: 2000 * jitter, shouldRetry };
}

function policy(firstByteMs: number, loadMs: number, errors: RetryConfig): LoadPolicy {
  return { default: {
    maxTimeToFirstByteMs: firstByteMs, maxLoadTimeMs: loadMs,
    timeoutRetry: { ...retries(() => true), retryDelayMs: 0, maxRetryDelayMs: 0 }, errorRetry: errors,
  } };
}

export function hlsConfig(): Partial<HlsConfig> {
  // hls.js retries neither 4xx nor a refused connection by itself; a lesson that
  // has not started yet, or a node that restarts, answers with just these.
  const always = retries(() => true);
  // A segment that has left the store will not come back.
  const unlessGone = retries((_config, count, isTimeout, response) => isTimeout || !kGone.has(response?.code ?? 0) || count < 2);
  return {
    enableWorker: false,
    lowLatencyMode: false,
    liveSyncOnStallIncrease: 0,  // liveMaxLatencyDurationCount stays Infinity, its default: no seek
    maxLiveSyncPlaybackRate: 1,  // catch_up.ts does it
    maxBufferLength: 60, maxMaxBufferLength: 120, maxBufferSize: 120e6, backBufferLength: 10,
    nudgeMaxRetry: 1000,
    capLevelToPlayerSize: false,
    // A blocking playlist reload is answered within 3 × TARGETDURATION.
    manifestLoadPolicy: policy(7000, 10_000, always),
    playlistLoadPolicy: policy(7000, 10_000, always),
    fragLoadPolicy: policy(4000, 20_000, unlessGone),
  };
}

/** The part of hls.js 1.6.19 that is held back below. */
interface StreamControllerInside { synchronizeToLiveEdge(details: { edge: number }): void; getLoadPosition(): number }

/**
 * After an outage the playhead stands at the very end of the last segment, by a
 * rounding beyond the listed edge; hls.js 1.6 takes that for "outside the
 * window" and would jump back to the live position. What lies past the edge only
 * has to wait.
 */
export function neverJumpBack(hls: Hls): void {
  const inside = (hls as unknown as { streamController: StreamControllerInside }).streamController;
  const original = inside.synchronizeToLiveEdge;
  inside.synchronizeToLiveEdge = function (details) {
    if (this.getLoadPosition() <= details.edge) original.call(this, details);
  };
}
