// Times as people read them, in Asia/Shanghai (UTC+8, no summer time) whatever
// the PC is set to, and durations.
import { t } from './i18n';

const kShanghaiMs = 8 * 3600 * 1000;
const two = (n: number) => String(n).padStart(2, '0');
const shanghai = (ms: number) => new Date(ms + kShanghaiMs);

export const ms = (iso: string): number => Date.parse(iso);

export function clock(at: number): string {
  const d = shanghai(at);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

export const hourMinute = (at: number): string => clock(at).slice(0, 5);

export const sameDay = (a: number, b: number): boolean =>
  Math.floor((a + kShanghaiMs) / 86_400_000) === Math.floor((b + kShanghaiMs) / 86_400_000);

/** 「09:00」 today, 「4月17日 09:00」 otherwise. */
export function when(at: number, now: number): string {
  return sameDay(at, now) ? hourMinute(at) : dated(at);
}

export function dated(at: number): string {
  const d = shanghai(at);
  return t('time.day', { month: d.getUTCMonth() + 1, day: d.getUTCDate(), time: hourMinute(at) });
}

/** 「00:43」, 「1:02:03」. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${rest}` : rest;
}

/** One decimal below ten seconds, none above. */
export const tidy = (n: number): string => (Math.abs(n) < 9.95 ? n.toFixed(1) : n.toFixed(0));
