// Requests to our own API. Every failure is a Problem with words that a person
// can act on: the server's `detail` where there is one, else ours.
import type { Problem } from './api';
import type { ServerClock } from './clock';
import { t, type Key } from './i18n';

export class ApiError extends Error {
  constructor(readonly problem: Problem) { super(problem.detail); }
  get status(): number { return this.problem.status; }
  get code(): string { return this.problem.code; }
}

export interface CallOptions { timeoutMs?: number; clock?: ServerClock; unreachable?: Key; keepalive?: boolean }

const local = (code: string, status: number, detail: string): ApiError =>
  new ApiError({ type: 'about:blank', title: code, status, code, detail });

async function problemOf(response: Response): Promise<ApiError> {
  const body = await response.json().catch(() => null) as Partial<Problem> | null;
  const unexpected = t('error.unexpected', { status: response.status });
  return new ApiError({
    type: 'about:blank', title: response.statusText, ...body,
    status: response.status, code: body?.code ?? `http_${response.status}`, detail: body?.detail ?? unexpected,
  });
}

/** The JSON of the answer; undefined for 204. Throws ApiError and nothing else. */
export async function call<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const abort = new AbortController();
  let late = false;
  const timer = setTimeout(() => { late = true; abort.abort(); }, options.timeoutMs ?? 8000);
  const sent = performance.now();
  try {
    const response = await fetch(path, {
      method, signal: abort.signal, cache: 'no-store', credentials: 'same-origin', keepalive: options.keepalive ?? false,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const received = performance.now();
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined as T;
    const answer = await response.json() as T & { now?: unknown };
    if (options.clock && typeof answer.now === 'string') options.clock.note(Date.parse(answer.now), sent, received);
    return answer;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw late ? local('timeout', 0, t('error.timeout')) : local('unreachable', 0, t(options.unreachable ?? 'error.unreachable'));
  } finally {
    clearTimeout(timer);
  }
}

export const asProblem = (error: unknown): Problem =>
  (error instanceof ApiError ? error : local('page_fault', 0, t('error.unexpected', { status: String(error) }))).problem;
