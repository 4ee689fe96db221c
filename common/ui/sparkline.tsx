// The buffer of the last ten minutes: one cell is the minimum of 10 s. A cell
// that could not be measured is a gap, never a zero. Dashes: the target.
export interface SparklineProps { cells: (number | null)[]; target: number; width: number; height: number; label: string; colour: string }

const kCells = 60;

/** The unbroken runs of measured cells as polyline points; the newest cell is at the right edge. */
export function runs(cells: (number | null)[], width: number, height: number, top: number): string[] {
  const shown = cells.slice(-kCells);
  const step = width / (kCells - 1);
  const found: string[] = [];
  let points: string[] = [];
  const end = () => { if (points.length) found.push(points.length === 1 ? `${points[0]} ${points[0]}` : points.join(' ')); points = []; };
  shown.forEach((cell, i) => {
    if (cell === null) { end(); return; }
    const x = width - (shown.length - 1 - i) * step;
    points.push(`${x.toFixed(1)},${(height - (Math.min(cell, top) / top) * height).toFixed(1)}`);
  });
  end();
  return found;
}

export const scaleTop = (cells: (number | null)[], target: number): number =>
  Math.max(target * 1.5, ...cells.map((cell) => cell ?? 0), 1);

export function Sparkline({ cells, target, width, height, label, colour }: SparklineProps) {
  const top = scaleTop(cells, target);
  const y = height - (target / top) * height;
  return (
    <svg class={`spark ${colour}`} viewBox={`0 -2 ${width} ${height + 4}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line class="target" x1="0" x2={width} y1={y} y2={y} />
      {runs(cells, width, height, top).map((points) => <polyline points={points} />)}
    </svg>
  );
}
