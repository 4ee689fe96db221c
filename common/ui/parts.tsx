// Small parts that every screen shares: the state with its shape and word, an
// error with what to do and whom to call, the top bar and the foot.
import type { ComponentChildren } from 'preact';
import type { Problem, Session, Slot, StateCode } from './api';
import { knownHelp, type Help } from './help';
import { t, type Key } from './i18n';
import { kStates, stateWord } from './states';
import { clock, ms, when } from './time';

export function StateMark({ state, slot }: { state: StateCode; slot?: Slot | null }) {
  const look = kStates[state];
  return (
    <span class={`state ${look.colour}`}>
      <span class="shape" aria-hidden="true">{look.shape}</span>{stateWord(state, slot ?? null)}
    </span>
  );
}

export function helpLine(help: Help, code: string): string {
  const parts = [t('help.call', { phone: help.phone })];
  if (help.room) parts.push(t('help.room', { room: help.room }));
  parts.push(t('help.code', { code }));
  return parts.join(' · ');
}

export function ProblemNote({ problem, now, help, showHelp = true }: { problem: Problem; now?: number; help?: Help; showHelp?: boolean }) {
  return (
    <div class="problem" role="alert">
      <p class="what">{problem.detail}</p>
      {problem.next && <p>{t('error.next', { when: when(ms(problem.next), now ?? Date.now()) })}</p>}
      {showHelp && <p class="call">{helpLine(help ?? knownHelp(), problem.code)}</p>}
    </div>
  );
}

export function TopBar({ title, now, session, onLogOut, children }: {
  title: string; now: number | null; session: Session; onLogOut: () => void; children?: ComponentChildren;
}) {
  return (
    <header class="bar">
      <span class="brand">{t('app.name')}</span>
      <h1>{title}</h1>
      {children}
      <span class="gap" />
      <span class="who">{t(`role.${session.role}` as Key)} {session.name}</span>
      <button type="button" class="link" onClick={onLogOut}>{t('logout')}</button>
      <time class="clock">{now === null ? '--:--:--' : clock(now)}</time>
    </header>
  );
}

export function Foot({ help }: { help: Help }) {
  return (
    <footer class="foot">
      <span>{t('help.call', { phone: help.phone })}</span>
      {help.room && <span>{t('help.room', { room: help.room })}</span>}
    </footer>
  );
}
