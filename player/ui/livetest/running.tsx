// A formal test in progress on this page: the test stream on screen with sound,
// beacons with purpose `test`, the throughput probe, the countdown and the
// buffer. Another page of the room sees the countdown only.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveTest, RoomView } from '../../../common/ui/api';
import { t } from '../../../common/ui/i18n';
import { span, tidy } from '../../../common/ui/time';
import { LivePlayer, type PlayerStatus } from '../playback/live_player';
import { nodeClock } from '../room';
import { Stage } from '../teacher/stage';
import { facts, stripFor } from '../teacher/trouble';
import { keepAwake } from '../teacher/wake_lock';
import { FragmentGate, gatedLoader, StoredProbe } from './stored_probe';

function BufferBar({ buffered, target }: { buffered: number; target: number }) {
  const share = Math.min(1, buffered / (target * 1.5));
  const colour = buffered >= target * 0.6 ? 'green' : buffered >= target * 0.25 ? 'yellow' : 'red';
  return (
    <div class="buffer-bar">
      <span>{t('test.buffer')}</span>
      <div class={`track ${colour}`} role="meter" aria-label={t('test.buffer')} aria-valuemin={0} aria-valuemax={target * 1.5} aria-valuenow={Math.round(buffered * 10) / 10}>
        <div class="level" style={{ width: `${share * 100}%` }} /><div class="goal" style={{ left: `${100 / 1.5}%` }} />
      </div>
      <span>{t('test.buffer.value', { n: tidy(buffered), target: tidy(target) })}</span>
    </div>
  );
}

export function Running({ test, view, clickedAt }: { test: LiveTest; view: RoomView; clickedAt: number }) {
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<LivePlayer | null>(null);
  const target = useRef(view.buffer.target_s);
  target.current = view.buffer.target_s;
  const [status, setStatus] = useState<PlayerStatus | null>(null);
  useEffect(() => {
    const gate = new FragmentGate();
    const mine = new LivePlayer({
      video: video.current!, room: view.room.id, purpose: 'test', playlist: test.playlist, clock: nodeClock,
      targetBuffer: () => target.current, clickedAt, loader: gatedLoader(gate),
    });
    player.current = mine;
    const probe = new StoredProbe(gate, () => mine.storedSegment(), (timing) => mine.queue.fetched(timing));
    const letSleep = keepAwake();
    const timer = window.setInterval(() => setStatus(mine.status()), 250);
    return () => { window.clearInterval(timer); probe.stop(); mine.stop(); letSleep(); };
  }, [test.id]);
  const now = nodeClock.now() ?? Date.parse(view.now);
  return (
    <section class="running">
      <Stage video={video} on shown={status !== null && status.motion !== 'waiting'} mark={view.room.id} idle="" strip={status && stripFor(view, status, 0, now)}
        soundBlocked={status?.sound === 'blocked'} onSound={() => void player.current?.play()} />
      <p class="countdown" role="timer"><strong>{t('test.running')}</strong> {t('test.left', { time: span(test.seconds_left) })} <span class="faint">{t('test.of', { n: test.minutes })}</span></p>
      <BufferBar buffered={status?.buffered ?? 0} target={view.buffer.target_s} />
      <p class="facts">{facts(status).map((fact, i) => <>{i > 0 && <span aria-hidden="true"> · </span>}<span>{fact}</span></>)}</p>
      <p class="faint">{t('test.stay')}</p>
    </section>
  );
}
