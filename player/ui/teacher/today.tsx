// 班主任 · 今日: one column. Am I on the air, can they hear it, what do I press now.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RoomView } from '../../../common/ui/api';
import { t } from '../../../common/ui/i18n';
import { ProblemNote, StateMark } from '../../../common/ui/parts';
import type { Polled } from '../../../common/ui/poll';
import { useTick } from '../../../common/ui/poll';
import { nodeClock } from '../room';
import { faceOf, refusal, schedule, sentence, shownState } from './face';
import { HoldButton } from './hold_button';
import { useLesson, type Lesson } from './lesson';
import { Stage } from './stage';
import { facts, isLow, stripFor } from './trouble';

function ReasonForm({ lesson }: { lesson: Lesson }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  if (!open) return <button type="button" class="link reason-open" onClick={() => setOpen(true)}>{t('teacher.reason.open')}</button>;
  return (
    <form class="reason" onSubmit={(event) => { event.preventDefault(); if (reason.trim()) lesson.start({ reason: reason.trim() }); }}>
      <label for="reason">{t('teacher.reason.label')}</label>
      <div class="row">
        <input id="reason" value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={200} required autofocus />
        <button type="submit" disabled={lesson.busy || !reason.trim()}>{t('teacher.reason.send')}</button>
      </div>
    </form>
  );
}

function TakeOver({ lesson }: { lesson: Lesson }) {
  return (
    <div class="ask" role="alert">
      <p>{t('teacher.elsewhere.ask')}</p>
      <div class="row">
        <button type="button" onClick={() => lesson.start({ take_over: lesson.takeOver! })} disabled={lesson.busy}>{t('teacher.take_over')}</button>
        <button type="button" class="quiet" onClick={lesson.leaveIt}>{t('teacher.cancel')}</button>
      </div>
    </div>
  );
}

function Undo({ lesson }: { lesson: Lesson }) {
  useTick(250);
  const left = lesson.undoUntil === null ? 0 : Math.ceil((lesson.undoUntil - performance.now()) / 1000);
  if (left <= 0) return null;
  return <p class="undo">{t('teacher.stopped')} <button type="button" class="quiet" onClick={() => lesson.start()}>{t('teacher.undo', { n: left })}</button></p>;
}

function BigButton({ view, lesson }: { view: RoomView; lesson: Lesson }) {
  const face = faceOf(view, lesson.busy);
  if (face.kind === 'playing') return <HoldButton label={face.label} caption={t('teacher.playing')} disabled={lesson.busy} onHeld={lesson.stop} />;
  if (face.kind === 'start') return <button type="button" class="big face-start" onClick={() => lesson.start()}>{face.label}</button>;
  return <button type="button" class="big face-closed" disabled>{face.label}</button>;
}

export function Today({ room, onPlaying }: { room: Polled<RoomView>; onPlaying: (playing: boolean) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const view = room.value!;
  const lesson = useLesson(view.room.id, room, video);
  const { status } = lesson;
  const onAir = view.playback.started && view.playback.yours;
  useEffect(() => { onPlaying(onAir); }, [onAir]);
  // Any touch of the page is as good as the button itself.
  useEffect(() => {
    if (status?.sound !== 'blocked') return undefined;
    addEventListener('pointerdown', lesson.restoreSound);
    addEventListener('keydown', lesson.restoreSound);
    return () => { removeEventListener('pointerdown', lesson.restoreSound); removeEventListener('keydown', lesson.restoreSound); };
  }, [status?.sound === 'blocked']);

  const now = nodeClock.now() ?? Date.parse(view.now);
  const silent = room.problem ? performance.now() - room.heard : 0;
  const seen = status && { ...status, low: isLow(status, view) };
  const strip = status && onAir ? stripFor(view, status, silent, now) : null;
  const problem = lesson.problem ?? refusal(view) ?? (room.problem && !onAir ? room.problem : null);
  const face = faceOf(view, lesson.busy);
  const help = { phone: view.help.phone, room: view.help.room_code };
  return (
    <main class="today">
      <p class="schedule">{schedule(view)}</p>
      <Stage video={video} on={onAir} shown={status !== null && status.motion !== 'waiting'} mark={t('stage.mark', { room: view.room.id })} strip={strip}
        idle={face.kind === 'closed' ? t('teacher.stage.closed') : t('teacher.stage.idle')} soundBlocked={status?.sound === 'blocked'} onSound={lesson.restoreSound} />
      <p class="say" role="status"><StateMark state={shownState(view, seen)} slot={view.slot} /> {sentence(view, seen)}</p>
      <BigButton view={view} lesson={lesson} />
      {onAir && <p class="facts">{facts(status).map((fact, i) => <>{i > 0 && <span aria-hidden="true"> · </span>}<span>{fact}</span></>)}</p>}
      <Undo lesson={lesson} />
      {lesson.takeOver && <TakeOver lesson={lesson} />}
      {face.kind === 'closed' && face.canGiveReason && <ReasonForm lesson={lesson} />}
      {problem && <ProblemNote problem={problem} now={now} help={help} />}
    </main>
  );
}
