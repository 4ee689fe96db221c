// The quick check: each line one fact, 通过 / 注意 / 不通过 and ONE next step
// (QOE.md §5.1). Thresholds are those of its table.
import type { RoomView } from '../../../common/ui/api';
import type { ServerClock } from '../../../common/ui/clock';
import { t, type Key } from '../../../common/ui/i18n';
import { ms, when } from '../../../common/ui/time';
import { canKeepAwake } from '../teacher/wake_lock';

export type Grade = 'good' | 'note' | 'bad' | 'wait';
export interface Line { id: string; label: string; value: string; grade: Grade; next: string }

const line = (id: string, grade: Grade, value: string, next: string): Line =>
  ({ id, label: t(`check.${id}` as Key), value, grade, next: grade === 'good' || grade === 'wait' ? '' : next });

const kGoodChrome = 109, kLeastChrome = 80;

export function browserLine(agent: string): Line {
  const chrome = agent.match(/Chrom(?:e|ium)\/(\d+)/);
  const firefox = agent.match(/Firefox\/(\d+)/);
  const next = t('check.browser.next');
  if (chrome) {
    const version = Number(chrome[1]);
    const name = /Edg\//.test(agent) ? 'Edge' : 'Chrome';
    return line('browser', version >= kGoodChrome ? 'good' : version >= kLeastChrome ? 'note' : 'bad', `${name} ${version}`, next);
  }
  return firefox ? line('browser', 'note', `Firefox ${firefox[1]}`, next) : line('browser', 'bad', t('check.browser.unknown'), next);
}

export function screenLine(width: number, height: number): Line {
  const fits = (w: number, h: number) => width >= w && height >= h;
  return line('screen', fits(1280, 720) ? 'good' : fits(1024, 768) ? 'note' : 'bad', `${width}×${height}`, t('check.screen.next'));
}

export function clockLine(offset: number | null): Line {
  if (offset === null) return line('clock', 'wait', t('check.wait'), '');
  const off = Math.abs(offset);
  return line('clock', off <= 1 ? 'good' : off <= 60 ? 'note' : 'bad', t('check.clock.value', { n: off.toFixed(off < 10 ? 2 : 0) }), t('check.clock.next'));
}

export function rttLine(rtt: number | null): Line {
  if (rtt === null) return line('rtt', 'bad', t('check.rtt.none'), t('check.rtt.next'));
  return line('rtt', rtt <= 50 ? 'good' : rtt <= 300 ? 'note' : 'bad', `${rtt.toFixed(rtt < 10 ? 1 : 0)} ms`, t('check.rtt.next'));
}

function codecLine(): Line {
  const plays = typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('video/mp4; codecs="avc1.640029,mp4a.40.2"');
  return line('codec', plays ? 'good' : 'bad', t(plays ? 'check.codec.yes' : 'check.codec.no'), t('check.codec.next'));
}

export function upstreamLine(upstream: RoomView['upstream']): Line {
  if (upstream.stalled_since) return line('upstream', 'bad', t('check.upstream.bad'), t('check.upstream.next'));
  if (!upstream.connected) return line('upstream', 'note', t('check.upstream.idle'), t('check.upstream.next'));
  return line('upstream', 'good', t('check.upstream.ok', { transport: upstream.transport.toUpperCase() }), '');
}

function rightsLine(view: RoomView): Line {
  const { allowed, detail, next } = view.may.test;
  const opens = next ? t('error.next', { when: when(ms(next), ms(view.now)) }) : '';
  return line('rights', allowed ? 'good' : 'note', t(allowed ? 'check.rights.ok' : 'check.rights.no'), [detail, opens].filter(Boolean).join(' '));
}

async function roundTrip(): Promise<number | null> {
  const trips: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    const response = await fetch('/healthz', { cache: 'no-store' }).catch(() => null);
    if (response?.ok) { await response.text(); trips.push(performance.now() - begin); }
  }
  return trips.length ? trips.sort((a, b) => a - b)[Math.floor(trips.length / 2)]! : null;
}

export async function quickCheck(view: RoomView, clock: ServerClock): Promise<Line[]> {
  const rtt = await roundTrip();
  const ready = await fetch('/readyz', { cache: 'no-store' }).then((response) => response.ok, () => false);
  const scale = window.devicePixelRatio || 1;
  return [
    browserLine(navigator.userAgent), codecLine(), screenLine(Math.round(screen.width * scale), Math.round(screen.height * scale)),
    clockLine(clock.pcOffset()), rttLine(rtt),
    line('node', ready ? 'good' : 'bad', t(ready ? 'check.node.ok' : 'check.node.bad'), t('check.node.next')),
    upstreamLine(view.upstream), rightsLine(view),
    line('awake', canKeepAwake() ? 'good' : 'note', t(canKeepAwake() ? 'check.awake.ok' : 'check.awake.no'), t('check.awake.next')),
  ];
}
