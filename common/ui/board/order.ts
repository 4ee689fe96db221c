// What the board works out from the list of rooms.
import type { RoomEvent, RoomList, RoomSummary, Stall } from '../api';
import { kStates } from '../states';
import { ms } from '../time';

/** Worst first, otherwise by id, so that a tile moves only when its state does. */
export function byTrouble(rooms: RoomSummary[]): RoomSummary[] {
  return [...rooms].sort((a, b) => kStates[a.state].rank - kStates[b.state].rank || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** The list with the rooms that changed put in their places. */
export function merged(list: RoomList, change: RoomList): RoomList {
  const rooms = new Map(list.rooms.map((room) => [room.id, room]));
  for (const room of change.rooms) rooms.set(room.id, room);
  return { ...change, rooms: [...rooms.values()] };
}

/** Today's stalls, the one going on included: the room's own counts are of ended ones. `now` in ms. */
export function stallsSoFar({ stalls, open_stall: open }: Pick<RoomSummary, 'stalls' | 'open_stall'>, now: number): { count: number; seconds: number } {
  if (!open) return stalls;
  return { count: stalls.count + 1, seconds: stalls.seconds + Math.max(0, now - ms(open.begin)) / 1000 };
}

/** The stalls in a room's events, newest first: an end replaces its begin. */
export function stallsOf(events: RoomEvent[], room: string): Stall[] {
  const found = new Map<string, Stall>();
  for (const event of events) {
    if (event.room !== room || (event.type !== 'stall_begin' && event.type !== 'stall_end')) continue;
    const known = found.get(event.begin);
    if (event.type === 'stall_begin' && known) continue;
    found.set(event.begin, {
      begin: event.begin, end: event.type === 'stall_end' ? event.end : null, seconds: event.seconds ?? 0,
      class: event.class ?? 'short', hop: event.hop, share: event.share,
    });
  }
  return [...found.values()].sort((a, b) => (a.begin < b.begin ? 1 : -1));
}
