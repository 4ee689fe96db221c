// A button that acts only when it is held: by pointer, Space or Enter. The wrong
// red button gets pressed; letting go in time undoes it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../../common/ui/i18n';

export const kHoldMs = 2000;

export function HoldButton({ label, caption, disabled, onHeld }: { label: string; caption: string; disabled: boolean; onHeld: () => void }) {
  const [holding, setHolding] = useState(false);
  const timer = useRef(0);
  const release = () => { window.clearTimeout(timer.current); timer.current = 0; setHolding(false); };
  const press = () => {
    if (timer.current || disabled) return;
    setHolding(true);
    timer.current = window.setTimeout(() => { release(); onHeld(); }, kHoldMs);
  };
  useEffect(() => release, []);
  const key = (event: KeyboardEvent) => event.key === ' ' || event.key === 'Enter';
  return (
    <button type="button" class={`big face-playing${holding ? ' holding' : ''}`} disabled={disabled} aria-label={label}
      onPointerDown={(event) => { if (event.button === 0) { event.currentTarget.setPointerCapture(event.pointerId); press(); } }}
      onPointerUp={release} onPointerCancel={release} onBlur={release} onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => { if (key(event)) { event.preventDefault(); press(); } }}
      onKeyUp={(event) => { if (key(event)) { event.preventDefault(); release(); } }}>
      <span class="fill" aria-hidden="true" />
      <span class="text">{holding ? t('teacher.holding') : <><span class="caption">● {caption}</span>{label}</>}</span>
    </button>
  );
}
