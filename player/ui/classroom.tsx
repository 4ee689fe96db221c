// The page of one room: the 班主任's two tabs, or the technician's test page.
import { useEffect, useState } from 'preact/hooks';
import { t } from '../../common/ui/i18n';
import { knownHelp } from '../../common/ui/help';
import { Foot, ProblemNote, TopBar } from '../../common/ui/parts';
import { useTick } from '../../common/ui/poll';
import type { SignedIn } from '../../common/ui/signed_in';
import { TestPage } from './livetest/test_page';
import { nodeClock, useRoom } from './room';
import { Today } from './teacher/today';

function useTab(): 'today' | 'test' {
  const read = () => (location.hash === '#/test' ? 'test' : 'today');
  const [tab, setTab] = useState<'today' | 'test'>(read);
  useEffect(() => {
    const changed = () => setTab(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return tab;
}

function RoomChoice({ rooms, chosen, onChoose }: { rooms: string[]; chosen: string; onChoose: (room: string) => void }) {
  if (rooms.length < 2) return null;
  return (
    <select aria-label={t('sheet.room')} value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
      {rooms.map((room) => <option value={room}>{room}</option>)}
    </select>
  );
}

export function Classroom({ signedIn }: { signedIn: SignedIn }) {
  const { session } = signedIn;
  const [chosen, setChosen] = useState(session.rooms[0] ?? '');
  const room = useRoom(chosen, signedIn.ended);
  const [playing, setPlaying] = useState(false);
  const tab = useTab();
  useTick(500);
  const teacher = session.role === 'teacher';
  const testing = !teacher || (tab === 'test' && !playing);
  const view = room.value;
  const help = view ? { phone: view.help.phone, room: view.help.room_code } : knownHelp();
  return (
    <div class={teacher && !testing ? 'classroom large' : 'classroom'}>
      <TopBar title={view?.room.name ?? chosen} now={nodeClock.now()} session={session} onLogOut={signedIn.logOut}>
        {!teacher && <RoomChoice rooms={session.rooms} chosen={chosen} onChoose={setChosen} />}
        {teacher && (
          <nav>
            <a href="#/" aria-current={testing ? undefined : 'page'}>{t('teacher.tab.today')}</a>
            {playing ? <span class="locked" title={t('teacher.tab.locked')}>{t('teacher.tab.test')}</span>
              : <a href="#/test" aria-current={testing ? 'page' : undefined}>{t('teacher.tab.test')}</a>}
          </nav>
        )}
      </TopBar>
      {!view && <main>{room.problem ? <ProblemNote problem={room.problem} help={help} /> : <p class="waiting">{t('app.name')}</p>}</main>}
      {view && (testing ? <TestPage key={chosen} view={view} session={session} /> : <Today room={room} onPlaying={setPlaying} />)}
      <Foot help={help} />
    </div>
  );
}
