// The state words of SCREENS.md §3: one table for every page, the same codes and
// words as the programs'. `rank` sorts rooms by trouble, worst first.
import type { Slot, StateCode, Verdict } from './api';
import { t, type Key } from './i18n';

export interface StateLook { shape: string; colour: string; rank: number }

export const kStates: Record<StateCode, StateLook> = {
  stalled: { shape: '■', colour: 'red', rank: 0 },
  offline: { shape: '✕', colour: 'grey', rank: 1 },
  due_not_started: { shape: '◔', colour: 'orange', rank: 2 },
  low_buffer: { shape: '▲', colour: 'yellow', rank: 3 },
  out_of_slot: { shape: '◆', colour: 'purple', rank: 4 },
  testing: { shape: '◐', colour: 'cyan', rank: 5 },
  playing: { shape: '●', colour: 'green', rank: 6 },
  not_due: { shape: '○', colour: 'blue', rank: 7 },
  never_enrolled: { shape: '◌', colour: 'grey', rank: 8 },
};

/** `not_due` says why when the schedule knows: 休息, 研讨. */
export function stateWord(state: StateCode, slot: Pick<Slot, 'kind'> | null = null): string {
  if (state === 'not_due' && slot?.kind === 'break') return t('state.break');
  if (state === 'not_due' && slot?.kind === 'discussion') return t('state.discussion');
  return t(`state.${state}` as Key);
}

export const kVerdictColours: Record<Verdict, string> = { passed: 'green', conditional: 'yellow', failed: 'red', incomplete: 'grey' };
