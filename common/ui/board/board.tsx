// County, at a glance: one sentence, then a tile a room, worst first. Fed by
// server-sent events where the server has them and by polling everywhere, so
// that what is shown is never older than a few seconds, or says so.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RoomList } from '../api';
import { ServerClock } from '../clock';
import { call } from '../http';
import { knownHelp } from '../help';
import { t, type Key } from '../i18n';
import { Foot, ProblemNote, TopBar } from '../parts';
import { usePoll, useTick } from '../poll';
import type { SignedIn } from '../signed_in';
import { clock as clockText, ms } from '../time';
import { byTrouble, merged } from './order';
import { RoomSheet } from './room_sheet';
import { Tile } from './tile';

const kPollMs = 2000, kPollWhileToldMs = 8000;
const kStaleMs = 10_000;
const clock = new ServerClock();

function useRoute(): string | null {
  const read = () => location.hash.match(/^#\/room\/(.+)$/)?.[1] ?? null;
  const [room, setRoom] = useState(read);
  useEffect(() => {
    const changed = () => setRoom(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return room === null ? null : decodeURIComponent(room);
}

/** Hands on each change that the server tells; says whether it is telling. */
function useEvents(path: string | null, onChange: (change: RoomList) => void, onLost: () => void): boolean {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!path || typeof EventSource === 'undefined') return undefined;
    const source = new EventSource(path);
    source.onopen = () => setOpen(true);
    source.onerror = () => { setOpen(false); onLost(); };
    source.addEventListener('rooms', (event) => onChange(JSON.parse((event as MessageEvent<string>).data) as RoomList));
    return () => source.close();
  }, [path]);
  return open;
}

/** `head` stands above the rooms and is given the server's time. */
export function Board({ signedIn, events, unreachable, note, head }: {
  signedIn: SignedIn; events: string | null; unreachable: Key; note?: string; head?: (now: number) => ComponentChildren;
}) {
  const [told, setTold] = useState(false);
  const list = usePoll(() => call<RoomList>('GET', '/api/v1/rooms', undefined, { clock, unreachable }), told ? kPollWhileToldMs : kPollMs, 'rooms');
  const live = useEvents(events, (change) => list.put((old) => old && merged(old, change)), list.refresh);
  useEffect(() => setTold(live), [live]);
  const open = useRoute();
  useTick(1000);
  useEffect(() => { if (list.problem?.status === 401) signedIn.ended(); }, [list.problem]);

  const now = clock.now() ?? Date.now();
  const rooms = list.value?.rooms ?? [];
  const stale = list.problem !== null && performance.now() - list.heard > kStaleMs;
  const chosen = open === null ? null : rooms.find((room) => room.id === open);
  return (
    <div class={`board${stale ? ' stale' : ''}`}>
      <TopBar title={t('board.title')} now={clock.now()} session={signedIn.session} onLogOut={signedIn.logOut}>
        {note && <span class="note">{note}</span>}
        {list.value && <span class="note">{live ? t('board.live') : t('board.polling')} · {t('board.updated', { time: clockText(ms(list.value.now)) })}</span>}
      </TopBar>
      <main>
        {stale && list.value && <p class="stale-note" role="alert">{t('board.stale', { time: clockText(ms(list.value.now)) })}</p>}
        {head && open === null && head(now)}
        {list.value && <p class="sentence" role="status">{list.value.sentence}</p>}
        {!list.value && (list.problem ? <ProblemNote problem={list.problem} /> : <p class="waiting">{t('board.waiting')}</p>)}
        {list.value && open === null && (rooms.length
          ? <div class="tiles">{byTrouble(rooms).map((room) => <Tile key={room.id} room={room} now={now} />)}</div>
          : <p class="waiting">{t('board.none')}</p>)}
        {chosen && <RoomSheet key={chosen.id} room={chosen} now={now} />}
        {list.value && open !== null && !chosen && <p class="waiting">{t('room.gone')} <a href="#/">{t('room.back')}</a></p>}
      </main>
      <Foot help={{ ...knownHelp(), room: null }} />
    </div>
  );
}
