// 体检与测试, for the technician and the 班主任: quick check, formal test, result
// sheet. It never touches the lesson (CONTRACT §6).
import { useEffect, useState } from 'preact/hooks';
import type { LiveTest, Problem, RoomView, Session } from '../../../common/ui/api';
import { asProblem, call } from '../../../common/ui/http';
import { t, type Key } from '../../../common/ui/i18n';
import { ProblemNote, StateMark } from '../../../common/ui/parts';
import { usePoll } from '../../../common/ui/poll';
import { kVerdictColours } from '../../../common/ui/states';
import { dated, hourMinute, ms, span, when } from '../../../common/ui/time';
import { CheckList } from './check_list';
import { Running } from './running';
import { Sheet } from './sheet';

const kMinutes = [1, 3, 8, 15, 30, 60];
const kDefaultMinutes = 8;
const kShown = 5;

function windowWords(view: RoomView): string {
  const now = ms(view.now);
  if (view.debug_window) return t('test.window', { begin: hourMinute(ms(view.debug_window.begin)), end: hourMinute(ms(view.debug_window.end)) });
  const next = view.may.test.next ?? view.next_debug_window?.begin;
  return next ? t('test.window.next', { when: when(ms(next), now) }) : t('test.window.none');
}

function Recent({ tests, onOpen }: { tests: LiveTest[]; onOpen: (test: LiveTest) => void }) {
  const finished = tests.filter((test) => test.state !== 'running').sort((a, b) => (a.begin < b.begin ? 1 : -1)).slice(0, kShown);
  return (
    <section class="recent">
      <h2>{t('test.recent')}</h2>
      {finished.length === 0 && <p class="faint">{t('test.none')}</p>}
      <ul>
        {finished.map((test) => (
          <li key={test.id}>
            <span class={`verdict small ${kVerdictColours[test.verdict ?? 'incomplete']}`}>{t(`verdict.${test.verdict ?? 'incomplete'}` as Key)}</span>
            <span>{dated(ms(test.begin))}</span><span>{t('unit.minutes', { n: test.minutes })}</span>
            <span class="names">{[test.started_by ?? t('sheet.terminal'), test.attended_by].filter(Boolean).join('、')}</span>
            <button type="button" class="link" onClick={() => onOpen(test)}>{t('test.open')}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Begin({ view, busy, onStart }: { view: RoomView; busy: boolean; onStart: (minutes: number) => void }) {
  const [minutes, setMinutes] = useState(kDefaultMinutes);
  return (
    <div class="begin">
      <label for="minutes">{t('test.minutes')}</label>
      <select id="minutes" value={minutes} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
        {kMinutes.map((n) => <option value={n}>{t('unit.minutes', { n })}</option>)}
      </select>
      <button type="button" class="primary" disabled={busy || !view.may.test.allowed} onClick={() => onStart(minutes)}>{busy ? t('test.starting') : t('test.start')}</button>
    </div>
  );
}

export function TestPage({ view, session }: { view: RoomView; session: Session }) {
  const path = `/api/v1/rooms/${encodeURIComponent(view.room.id)}/tests`;
  const tests = usePoll(() => call<{ tests: LiveTest[] }>('GET', path), 3000, path);
  const [mine, setMine] = useState<{ id: string; clickedAt: number } | null>(null);
  const current = usePoll<LiveTest | null>(async () => (mine ? call<LiveTest>('GET', `${path}/${encodeURIComponent(mine.id)}`) : null), 1000, mine?.id ?? '');
  const [opened, setOpened] = useState<LiveTest | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const start = async (minutes: number) => {
    const clickedAt = performance.now();
    setBusy(true);
    setProblem(null);
    try {
      const { id } = await call<{ id: string }>('POST', path, { minutes });
      setMine({ id, clickedAt });
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  useEffect(() => {
    if (!mine || !current.value || current.value.id !== mine.id || current.value.state === 'running') return;
    setOpened(current.value);
    setMine(null);
    tests.refresh();
  }, [current.value]);

  const help = { phone: view.help.phone, room: view.help.room_code };
  if (opened) return <main class="test"><Sheet test={opened} onBack={() => setOpened(null)} /></main>;
  if (mine && current.value) return <main class="test"><Running test={current.value} view={view} clickedAt={mine.clickedAt} /></main>;
  const other = tests.value?.tests.find((test) => test.state === 'running' && test.id !== mine?.id);
  const teacher = session.role === 'teacher';
  return (
    <main class="test">
      <div class="columns">
        <CheckList view={view} />
        <div>
          <section class="formal">
            <div class="head"><h2>{t('test.title')}</h2><StateMark state={view.state} slot={view.slot} /></div>
            <p>{windowWords(view)}</p>
            <Begin view={view} busy={busy || mine !== null} onStart={(minutes) => void start(minutes)} />
            {other && <p class="other" role="status">{t('test.other', { name: other.started_by ?? t('sheet.terminal') })}，{t('test.left', { time: span(other.seconds_left) })}</p>}
            <p class="faint">{t('test.join')}</p>
            {!teacher && <p class="lock"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 10V7a6 6 0 1 1 12 0v3h1a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V11a1 1 0 0 1 1-1zm3 0h6V7a3 3 0 1 0-6 0z" /></svg> {t('test.lock')}<small>{t('test.lock.why')}</small></p>}
            {problem && <ProblemNote problem={problem} now={ms(view.now)} help={help} />}
          </section>
          <Recent tests={tests.value?.tests ?? []} onOpen={setOpened} />
        </div>
      </div>
    </main>
  );
}
