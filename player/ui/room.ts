// The room as the node tells it, kept fresh, and the node's clock with it.
import { useEffect } from 'preact/hooks';
import type { PlaybackRequest, RoomView } from '../../common/ui/api';
import { ServerClock } from '../../common/ui/clock';
import { rememberHelp } from '../../common/ui/help';
import { call } from '../../common/ui/http';
import { usePoll, type Polled } from '../../common/ui/poll';

export const nodeClock = new ServerClock();

const kPollMs = 1000;

export function useRoom(id: string, onEnded: () => void): Polled<RoomView> {
  const room = usePoll(() => call<RoomView>('GET', `/api/v1/rooms/${encodeURIComponent(id)}`, undefined, { clock: nodeClock, timeoutMs: 4000 }), kPollMs, id);
  useEffect(() => { if (room.value) rememberHelp(room.value.help); }, [room.value?.help.phone, room.value?.help.room_code]);
  useEffect(() => { if (room.problem?.status === 401) onEnded(); }, [room.problem]);
  return room;
}

export const control = (id: string, request: PlaybackRequest): Promise<RoomView> =>
  call('POST', `/api/v1/rooms/${encodeURIComponent(id)}/playback`, request, { clock: nodeClock });
