// The faces of the one big button (SCREENS.md §3.1) and the sentence above it:
// functions of what the node says, so that a glance and the truth agree.
import type { Problem, RoomView, StateCode } from '../../../common/ui/api';
import type { Motion } from '../playback/motion';
import { t } from '../../../common/ui/i18n';
import { ms, when } from '../../../common/ui/time';

export type Face =
  | { kind: 'closed'; label: string; canGiveReason: boolean }
  | { kind: 'start'; label: string }
  | { kind: 'starting'; label: string }
  | { kind: 'playing'; label: string };

function nextOpening(view: RoomView): number | null {
  const iso = view.may.start.next ?? view.next_slot?.begin;
  return iso ? ms(iso) : null;
}

export function faceOf(view: RoomView, starting: boolean): Face {
  if (view.playback.started && view.playback.yours) return { kind: 'playing', label: t('teacher.hold') };
  if (starting) return { kind: 'starting', label: t('teacher.starting') };
  const { allowed, code } = view.may.start;
  // Another PC of the same 班主任 holds the lesson: pressing asks whether to move it here.
  if (allowed || code === 'already_controlled') return { kind: 'start', label: t('teacher.start') };
  if (code !== 'outside_schedule') return { kind: 'closed', label: t('teacher.not_here'), canGiveReason: false };
  const at = nextOpening(view);
  const label = at === null ? t('teacher.open_none') : t('teacher.open_at', { time: when(at, ms(view.now)) });
  return { kind: 'closed', label, canGiveReason: true };
}

/** Why there is no green button, where the schedule is not the reason. */
export function refusal(view: RoomView): Problem | null {
  const { allowed, code, detail } = view.may.start;
  if (allowed || !code || code === 'outside_schedule' || code === 'already_controlled' || view.playback.yours) return null;
  return { type: 'about:blank', title: code, status: 403, code, detail: detail ?? '' };
}

export function sentence(view: RoomView, local: { motion: Motion; sound: string; low: boolean } | null): string {
  if (view.playback.started && view.playback.yours) {
    if (!local || local.motion === 'waiting') return t('teacher.say.opening');
    if (local.motion === 'stalled' || local.motion === 'frozen') return t('teacher.say.stalled');
    if (local.sound === 'blocked' || local.sound === 'off') return t('teacher.say.silent');
    if (local.low) return t('teacher.say.low');
    return view.state === 'out_of_slot' ? t('teacher.say.out_of_slot') : t('teacher.say.on_air');
  }
  if (view.playback.started) return t('teacher.elsewhere');
  if (view.slot?.kind === 'break') return t('teacher.say.break');
  if (view.slot?.kind === 'discussion') return t('teacher.say.discussion');
  if (view.may.start.allowed) return view.state === 'due_not_started' ? t('teacher.say.overdue') : t('teacher.say.ready');
  return t('teacher.say.not_due');
}

/** The node's state, or what this page already sees and the node is about to say. */
export function shownState(view: RoomView, local: { motion: Motion; low: boolean } | null): StateCode {
  if (!local || !view.playback.yours || view.state !== 'playing') return view.state;
  return local.motion === 'stalled' || local.motion === 'frozen' ? 'stalled' : local.low ? 'low_buffer' : view.state;
}

export function schedule(view: RoomView): string {
  const now = ms(view.now);
  if (view.slot) return t('teacher.slot.now', { title: view.slot.title, begin: when(ms(view.slot.begin), now), end: when(ms(view.slot.end), now) });
  if (view.next_slot) return t('teacher.slot.next', { title: view.next_slot.title, begin: when(ms(view.next_slot.begin), now) });
  return t('teacher.slot.none');
}
