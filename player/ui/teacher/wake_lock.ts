// Keeps the screen on while a lesson plays. Chrome grants it in a secure context
// only; elsewhere a playing video with sound keeps the screen on by itself, and
// the quick check says that the system setting should be looked at.
interface Sentinel { release(): Promise<void> }
interface WakeLock { request(type: 'screen'): Promise<Sentinel> }
const wakeLock = (): WakeLock | undefined => (navigator as { wakeLock?: WakeLock }).wakeLock;

export const canKeepAwake = (): boolean => wakeLock() !== undefined;

/** Holds the lock until the returned function is called; takes it again when the page is shown again. */
export function keepAwake(): () => void {
  let held: Sentinel | null = null;
  let over = false;
  const take = () => {
    if (over || document.visibilityState !== 'visible') return;
    wakeLock()?.request('screen').then((sentinel) => { if (over) void sentinel.release(); else held = sentinel; }, () => undefined);
  };
  take();
  document.addEventListener('visibilitychange', take);
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', take);
    void held?.release().catch(() => undefined);
  };
}
