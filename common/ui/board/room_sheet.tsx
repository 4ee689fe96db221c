// One room opened from the board: what it is and whom to call, the buffer, each
// stall with begin, length and hop, the last test.
import { useMemo } from 'preact/hooks';
import type { RoomEvent, RoomSummary, Stall, StallClass } from '../api';
import { call } from '../http';
import { t, type Key } from '../i18n';
import { ProblemNote, StateMark } from '../parts';
import { usePoll } from '../poll';
import { kVerdictColours } from '../states';
import { clock, dated, ms, sameDay, span, tidy, when } from '../time';
import { BufferChart } from './buffer_chart';
import { stallsOf } from './order';

interface EventPage { events: RoomEvent[]; next: string }

/** A room's events, read on from where the last reading ended. */
class EventLog {
  private readonly events: RoomEvent[] = [];
  private after = '';
  constructor(private readonly room: string) {}

  async read(): Promise<RoomEvent[]> {
    for (;;) {
      const page = await call<EventPage>('GET', `/api/v1/rooms/${encodeURIComponent(this.room)}/events?after=${encodeURIComponent(this.after)}`);
      this.events.push(...page.events);
      if (!page.events.length || page.next === this.after) return [...this.events];
      this.after = page.next;
    }
  }
}

/** QOE.md §2; a stall that goes on grows out of the class it began with. */
const classOf = (seconds: number): StallClass => (seconds >= 10 ? 'outage' : seconds >= 3 ? 'long' : 'short');

function StallRow({ stall, now }: { stall: Stall; now: number }) {
  const begin = ms(stall.begin);
  const seconds = stall.end ? stall.seconds : Math.max(stall.seconds, (now - begin) / 1000);
  return (
    <tr>
      <td>{sameDay(begin, now) ? clock(begin) : `${dated(begin)}`}</td>
      <td>{seconds < 60 ? t('unit.seconds', { n: tidy(seconds) }) : span(seconds)}{!stall.end && <span class="note"> {t('room.open')}</span>}</td>
      <td>{t(`class.${stall.end ? stall.class : classOf(seconds)}` as Key)}</td>
      <td>{t(`hop.${stall.hop}` as Key)}</td>
      <td>{stall.share === null ? '—' : `${Math.round(stall.share * 100)} %`}</td>
    </tr>
  );
}

export function RoomSheet({ room, now }: { room: RoomSummary; now: number }) {
  const log = useMemo(() => new EventLog(room.id), [room.id]);
  const events = usePoll(() => log.read(), 2000, room.id);
  const stalls = events.value ? stallsOf(events.value, room.id) : null;
  const verdict = room.last_test?.verdict;
  return (
    <section class="room">
      <a class="back" href="#/">← {t('room.back')}</a>
      <div class="head">
        <h2>{room.name}</h2><span class="faint">{room.id} · {room.county.name}</span><StateMark state={room.state} />
        {room.since && <span class="faint">{t('tile.since', { time: when(ms(room.since), now) })}</span>}
      </div>
      {(room.advice || room.contact) && (
        <p class="advice">{room.advice}{room.contact && <span> {t('room.contact', { name: room.contact })}</span>}</p>
      )}
      <div class="columns">
        <div>
          <h3>{t('room.buffer')}</h3>
          <BufferChart cells={room.buffer_history} target={room.target_s} />
        </div>
        <div>
          <h3>{t('room.test')}</h3>
          <p class={`verdict ${verdict ? kVerdictColours[verdict] : 'grey'}`}>{t(`verdict.${verdict ?? 'none'}` as Key)}</p>
          {room.last_test && <p class="faint">{when(ms(room.last_test.at), now)}</p>}
        </div>
      </div>
      <h3>{t('room.stalls')}</h3>
      {events.problem && !stalls && <ProblemNote problem={events.problem} now={now} />}
      {!stalls && !events.problem && <p class="faint">{t('room.stalls.reading')}</p>}
      {stalls && (stalls.length === 0 ? <p class="faint">{t('room.stalls.none')}</p> : (
        <table class="stalls">
          <thead><tr><th>{t('room.begin')}</th><th>{t('room.length')}</th><th>{t('room.class')}</th><th>{t('room.hop')}</th><th>{t('room.share')}</th></tr></thead>
          <tbody>{stalls.map((stall) => <StallRow key={stall.begin} stall={stall} now={now} />)}</tbody>
        </table>
      ))}
    </section>
  );
}
