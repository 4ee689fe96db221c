// The 班主任's actions and the player that follows from them. The node's lease is
// the truth: whenever it says that this session plays, a player runs here; else
// none does. So a reload or a restart of the node needs no hand (CONTRACT §6).
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { PlaybackRequest, Problem, RoomView } from '../../../common/ui/api';
import { asProblem } from '../../../common/ui/http';
import type { Polled } from '../../../common/ui/poll';
import { LivePlayer, type PlayerStatus } from '../playback/live_player';
import { control, nodeClock } from '../room';
import { keepAwake } from './wake_lock';

export const kUndoMs = 10_000;

export interface Lesson {
  busy: boolean;
  problem: Problem | null;
  takeOver: string | null;          // the id to send back, when another PC plays
  undoUntil: number | null;         // performance.now() ms
  status: PlayerStatus | null;
  start: (request?: Omit<PlaybackRequest, 'action'>) => void;
  stop: () => void;
  leaveIt: () => void;              // not moving the lesson here after all
  restoreSound: () => void;
}

export function useLesson(roomId: string, room: Polled<RoomView>, video: RefObject<HTMLVideoElement>): Lesson {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [takeOver, setTakeOver] = useState<string | null>(null);
  const [undoUntil, setUndoUntil] = useState<number | null>(null);
  const [status, setStatus] = useState<PlayerStatus | null>(null);
  const player = useRef<LivePlayer | null>(null);
  const clickedAt = useRef(0);
  const target = useRef(8);
  const reason = useRef<string | undefined>(undefined);
  if (room.value) target.current = room.value.buffer.target_s;

  const playing = room.value !== null && room.value.playback.started && room.value.playback.yours;
  const playlist = room.value?.playback.playlist ?? '';

  useEffect(() => {
    if (!playing || !video.current) return undefined;
    const mine = new LivePlayer({
      video: video.current, room: roomId, purpose: 'lesson', playlist, clock: nodeClock,
      targetBuffer: () => target.current, clickedAt: clickedAt.current || performance.now(),
    });
    clickedAt.current = 0;
    player.current = mine;
    const letSleep = keepAwake();
    const timer = window.setInterval(() => setStatus(mine.status()), 250);
    return () => { window.clearInterval(timer); mine.stop(); letSleep(); player.current = null; setStatus(null); };
  }, [playing, playlist]);

  const send = async (request: PlaybackRequest): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    setTakeOver(null);
    try {
      const view = await control(roomId, request);
      room.put(() => view);
      return true;
    } catch (error) {
      const found = asProblem(error);
      if (found.code === 'already_controlled' && found.take_over) setTakeOver(found.take_over);
      else setProblem(found);
      return false;
    } finally {
      setBusy(false);
      room.refresh();
    }
  };

  return {
    busy, problem, takeOver, undoUntil, status,
    start: (request = {}) => {
      clickedAt.current = performance.now();
      reason.current = request.reason ?? reason.current;
      setUndoUntil(null);
      // Inside the click: from here on this element may sound.
      if (video.current) { video.current.muted = false; void video.current.play().catch(() => undefined); }
      void send({ action: 'start', ...(reason.current ? { reason: reason.current } : {}), ...request });
    },
    stop: () => void send({ action: 'stop' }).then((done) => { if (done) setUndoUntil(performance.now() + kUndoMs); }),
    leaveIt: () => setTakeOver(null),
    restoreSound: () => void player.current?.play(),
  };
}
