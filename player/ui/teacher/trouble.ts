// The strip at the bottom edge of the picture: one line, worst first, and the
// facts under the button. Words only; the node keeps the record.
import type { RoomView } from '../../../common/ui/api';
import type { PlayerStatus } from '../playback/live_player';
import { t } from '../../../common/ui/i18n';
import { ms, tidy } from '../../../common/ui/time';

export interface Strip { colour: 'red' | 'yellow'; text: string }

/** Read out on the telephone: what the page saw, then which link it was. */
export function faultCode(view: RoomView, nodeAway: boolean, frozen: boolean): string {
  if (frozen) return 'P1';
  if (nodeAway) return 'L1';
  return view.upstream.stalled_since || !view.upstream.connected ? 'U1' : 'B1';
}

export const isLow = (status: PlayerStatus, view: RoomView): boolean =>
  status.motion !== 'waiting' && status.buffered < view.buffer.target_s * 0.6;

const kCallAfterSeconds = 3, kAwayMs = 5000;

/** `silentMs`: how long the node has not answered. */
export function stripFor(view: RoomView, status: PlayerStatus, silentMs: number, now: number): Strip | null {
  const away = silentMs > kAwayMs;
  const seconds = Math.floor(status.stillSeconds);
  if (status.motion === 'stalled' || status.motion === 'frozen') {
    if (status.motion === 'frozen' && seconds < kCallAfterSeconds) return { colour: 'yellow', text: t('strip.frozen') };
    const key = seconds >= kCallAfterSeconds ? 'strip.stalled.call' : 'strip.stalled';
    const code = faultCode(view, away, status.motion === 'frozen');
    return { colour: 'red', text: t(key, { n: seconds, phone: view.help.phone, room: view.help.room_code, code }) };
  }
  if (status.motion === 'waiting') return null;
  const left = Math.floor(status.buffered);
  if (away) return { colour: 'yellow', text: t('strip.node', { n: left }) };
  if (!isLow(status, view)) return null;
  if (view.upstream.stalled_since)
    return { colour: 'yellow', text: t('strip.upstream', { n: Math.max(0, Math.floor((now - ms(view.upstream.stalled_since)) / 1000)) }) };
  return { colour: 'yellow', text: t('strip.low.left', { n: left }) };
}

/** 缓存 22 秒 · 清晰度 720p · 声音 开 · 与主课堂相差 24 秒 */
export function facts(status: PlayerStatus | null): string[] {
  if (!status || status.motion === 'waiting') return [t('fact.buffer.none'), t('fact.quality.none'), t('fact.sound.none'), t('fact.latency.none')];
  const sound = { on: t('fact.sound.on'), off: t('fact.sound.off'), blocked: t('fact.sound.off'), unknown: t('fact.sound.none') }[status.sound];
  return [
    t('fact.buffer', { n: Math.round(status.buffered) }),
    status.height ? t('fact.quality', { n: `${status.height}p` }) : t('fact.quality.none'),
    sound, latencyText(status.latency, status.bound),
  ];
}

/** With its ± where that is more than half a second. */
export function latencyText(latency: number | null, bound: number | null): string {
  if (latency === null) return t('fact.latency.none');
  const n = Math.round(latency);
  return bound !== null && bound > 0.5 ? t('fact.latency.bound', { n, bound: tidy(bound) }) : t('fact.latency', { n });
}
