// The picture and what lies on it: the notice at the start, the room's faint
// moving mark (A15), the strip in trouble. Also what is projected, full screen.
// Never a dialog in front of a hundred people.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../../common/ui/i18n';
import type { Strip } from './trouble';

const kNoticeMs = 10_000;

export function Stage({ video, on, shown, mark, strip, idle, soundBlocked, onSound, children }: {
  video: RefObject<HTMLVideoElement>; on: boolean; shown: boolean; mark: string; strip: Strip | null; idle: string;
  soundBlocked: boolean; onSound: () => void; children?: ComponentChildren;
}) {
  const stage = useRef<HTMLDivElement>(null);
  const [full, setFull] = useState(false);
  const [notice, setNotice] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement === stage.current);
    document.addEventListener('fullscreenchange', changed);
    return () => document.removeEventListener('fullscreenchange', changed);
  }, []);
  useEffect(() => {
    if (!shown) { setNotice(false); return undefined; }
    setNotice(true);
    const timer = window.setTimeout(() => setNotice(false), kNoticeMs);
    return () => window.clearTimeout(timer);
  }, [shown]);
  const toggle = () => void (full ? document.exitFullscreen() : stage.current!.requestFullscreen()).catch(() => undefined);
  return (
    <div ref={stage} class={`stage${on ? ' on' : ''}${full ? ' full' : ''}`} onContextMenu={(event) => event.preventDefault()}>
      <video ref={video} playsInline disablePictureInPicture aria-label={t('app.name')} />
      {!on && <p class="idle">{idle}</p>}
      {on && <span class="mark" aria-hidden="true">{mark}</span>}
      {notice && <p class="notice" role="status">{t('stage.notice')}</p>}
      {soundBlocked && (
        <button type="button" class="restore" onClick={onSound}>
          <span>{t('teacher.sound.restore')}</span><small>{t('teacher.sound.why')}</small>
        </button>
      )}
      {strip && <p class={`strip ${strip.colour}`} role="status">{strip.text}</p>}
      {on && <button type="button" class="project" onClick={toggle}>{full ? t('teacher.fullscreen.leave') : t('teacher.fullscreen')}</button>}
      {children}
    </div>
  );
}
