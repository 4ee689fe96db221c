// A value of the server that a component keeps fresh: asked for again `everyMs`
// after each answer, at once on refresh(). The last value stays while the server
// is away; `problem` and `heard` say so.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from './api';
import { asProblem } from './http';

export interface Polled<T> {
  value: T | null;
  problem: Problem | null;
  heard: number;                  // performance.now() of the last good answer
  refresh: () => void;
  put: (next: (old: T | null) => T | null) => void;  // what came by another way
}

export function usePoll<T>(load: () => Promise<T>, everyMs: number, key: string): Polled<T> {
  const [state, setState] = useState<{ value: T | null; problem: Problem | null; heard: number }>({ value: null, problem: null, heard: 0 });
  const wake = useRef<() => void>(() => {});
  const loader = useRef(load);
  loader.current = load;
  const period = useRef(everyMs);
  period.current = everyMs;
  useEffect(() => {
    let stopped = false, asking = false, again = false;
    let timer = 0;
    const ask = async () => {
      window.clearTimeout(timer);
      if (asking) { again = true; return; }
      asking = true;
      try {
        const value = await loader.current();
        if (!stopped) setState({ value, problem: null, heard: performance.now() });
      } catch (error) {
        if (!stopped) setState((old) => ({ ...old, problem: asProblem(error) }));
      }
      asking = false;
      if (stopped) return;
      if (again) { again = false; void ask(); return; }
      timer = window.setTimeout(ask, period.current);
    };
    wake.current = () => void ask();
    setState({ value: null, problem: null, heard: 0 });
    void ask();
    return () => { stopped = true; window.clearTimeout(timer); };
  }, [key]);
  return { ...state, refresh: () => wake.current(), put: (next) => setState((old) => ({ value: next(old.value), problem: null, heard: performance.now() })) };
}

/** Draws again every `everyMs`, for clocks and counters. */
export function useTick(everyMs: number): void {
  const [, set] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => set((n) => n + 1), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
}
