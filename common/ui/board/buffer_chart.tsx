// The buffer of ten minutes, large: axis, target, and the bands of QOE.md §3
// (below 60 % of the target yellow, below 25 % red).
import { t } from '../i18n';
import { runs, scaleTop } from '../sparkline';
import { tidy } from '../time';

const kWidth = 860, kHeight = 180, kLeft = 46, kBottom = 28;

export function BufferChart({ cells, target }: { cells: (number | null)[]; target: number }) {
  const top = scaleTop(cells, target);
  const y = (seconds: number) => kHeight - (Math.min(seconds, top) / top) * kHeight;
  return (
    <svg class="chart" viewBox={`0 -12 ${kWidth + kLeft + 8} ${kHeight + kBottom + 12}`} role="img" aria-label={t('room.buffer')}>
      <g transform={`translate(${kLeft} 0)`}>
        <rect class="band yellow" x="0" width={kWidth} y={y(target * 0.6)} height={y(target * 0.25) - y(target * 0.6)} />
        <rect class="band red" x="0" width={kWidth} y={y(target * 0.25)} height={y(0) - y(target * 0.25)} />
        <line class="axis" x1="0" x2={kWidth} y1={kHeight} y2={kHeight} />
        <line class="target" x1="0" x2={kWidth} y1={y(target)} y2={y(target)} />
        <text class="tick" x="-8" y={y(target) + 5} text-anchor="end">{tidy(target)}</text>
        <text class="tick" x="-8" y={kHeight + 5} text-anchor="end">0</text>
        <text class="tick" x={kWidth} y={y(target) - 6} text-anchor="end">{t('room.target', { n: tidy(target) })}</text>
        {[10, 5, 0].map((minutes) => (
          <text class="tick" x={kWidth * (1 - minutes / 10)} y={kHeight + 22} text-anchor={minutes === 10 ? 'start' : minutes === 0 ? 'end' : 'middle'}>
            {minutes ? t('chart.ago', { n: minutes }) : t('chart.now')}
          </text>
        ))}
        {runs(cells, kWidth, kHeight, top).map((points) => <polyline points={points} />)}
      </g>
    </svg>
  );
}
