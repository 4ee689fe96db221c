// The quick check on the screen: one line a fact, checked again on demand.
import { useEffect, useState } from 'preact/hooks';
import type { RoomView } from '../../../common/ui/api';
import { t, type Key } from '../../../common/ui/i18n';
import { nodeClock } from '../room';
import { quickCheck, type Line } from './quick_check';

const kShapes = { good: '●', note: '▲', bad: '■', wait: '○' } as const;
const kColours = { good: 'green', note: 'yellow', bad: 'red', wait: 'grey' } as const;

export function CheckList({ view }: { view: RoomView }) {
  const [lines, setLines] = useState<Line[] | null>(null);
  const check = () => { setLines(null); void quickCheck(view, nodeClock).then(setLines); };
  useEffect(check, [view.room.id, view.may.test.allowed]);
  return (
    <section class="check">
      <div class="head"><h2>{t('check.title')}</h2><button type="button" class="quiet" onClick={check} disabled={!lines}>{t('check.again')}</button></div>
      {!lines && <p class="faint">{t('check.wait')}……</p>}
      {lines && (
        <ul>
          {lines.map((line) => (
            <li key={line.id}>
              <span class={`state ${kColours[line.grade]}`}><span class="shape" aria-hidden="true">{kShapes[line.grade]}</span>{t(`check.${line.grade}` as Key)}</span>
              <span class="label">{line.label}</span><span class="value">{line.value}</span>
              {line.next && <span class="next">{line.next}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
