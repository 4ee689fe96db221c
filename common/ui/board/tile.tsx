// One room on the board: state as shape and word, buffer, minutes, stalls.
import type { RoomSummary } from '../api';
import { t, type Key } from '../i18n';
import { StateMark } from '../parts';
import { Sparkline } from '../sparkline';
import { kStates } from '../states';
import { ms, span, tidy, when } from '../time';
import { stallsSoFar } from './order';

const kSinceShown = new Set(['offline', 'never_enrolled', 'due_not_started']);

function condition(room: RoomSummary, now: number): string {
  if (room.open_stall) return t('tile.stalled_for', { time: span((now - ms(room.open_stall.begin)) / 1000) });
  if (kSinceShown.has(room.state) && room.since) return t('tile.since', { time: when(ms(room.since), now) });
  if (room.state === 'not_due') return '';
  return room.buffer_s === null ? t('tile.buffer.none') : t('tile.buffer', { n: tidy(room.buffer_s) });
}

export function Tile({ room, now }: { room: RoomSummary; now: number }) {
  const colour = kStates[room.state].colour;
  const verdict = room.last_test ? t(`verdict.${room.last_test.verdict}` as Key) : t('verdict.none');
  const minutes = room.minutes_since_start === null ? t('tile.not_started') : t('tile.minutes', { n: Math.floor(room.minutes_since_start) });
  const stalls = stallsSoFar(room, now);
  return (
    <a class={`tile edge-${colour}`} href={`#/room/${encodeURIComponent(room.id)}`} aria-label={`${t('tile.open', { room: room.name })}`} data-room={room.id}>
      <div class="name" title={`${room.id} ${room.name}`}>{room.name}</div>
      <div class="line"><StateMark state={room.state} /><span class="measure">{condition(room, now)}</span></div>
      <Sparkline cells={room.buffer_history} target={room.target_s} width={236} height={44} label={t('tile.spark')} colour={colour} />
      <div class="line small"><span>{minutes}</span><span>{stalls.count ? t('tile.stalls', { n: stalls.count, seconds: tidy(stalls.seconds) }) : t('tile.stalls.none')}</span></div>
      <div class="line small faint"><span>{room.id}</span><span>{t('tile.test', { verdict })}</span></div>
    </a>
  );
}
