// The result sheet of one live test; prints on one A4. The verdict first, why
// and what to do next, then the numbers and both names.
import type { LiveTest } from '../../../common/ui/api';
import { t, type Key } from '../../../common/ui/i18n';
import { kVerdictColours } from '../../../common/ui/states';
import { dated, ms, tidy } from '../../../common/ui/time';

const seconds = (n: number | null) => (n === null ? t('measure.unknown') : t('unit.seconds', { n: tidy(n) }));
const kAmple = 100;  // beyond this a ratio tells of the loopback or the cache, not of the line
const ratio = (n: number | null) => (n === null ? t('measure.unknown') : n > kAmple ? `> ${kAmple}×` : `${n.toFixed(2)}×`);
const percent = (n: number | null) => (n === null ? t('measure.unknown') : `${(n * 100).toFixed(2)} %`);
const times = (n: number | null) => (n === null ? t('measure.unknown') : t('measure.times', { n }));
const rate = (n: number | null) => (n === null ? t('measure.unknown') : `${(n / 1e6).toFixed(2)} Mbit/s`);

function rows(test: LiveTest): [Key, string][] {
  const m = test.measures;
  const page: [Key, string][] = test.scope === 'page' ? [['measure.dropped', percent(m.dropped_ratio)], ['measure.freezes', times(m.freezes)]] : [];
  return [
    ['measure.startup', seconds(m.startup_s)], ['measure.stalls', times(m.stalls)], ['measure.stalled', seconds(m.stalled_s)],
    ['measure.buffer_min', seconds(m.buffer_min_s)], ['measure.throughput', ratio(m.throughput_ratio_p10)],
    ['measure.throughput.relay_node', ratio(m.throughput_ratio_relay_node)], ['measure.throughput.node_pc', ratio(m.throughput_ratio_node_pc)],
    ['measure.bitrate', rate(m.bitrate_bps)], ...page, ['measure.latency', seconds(m.latency_s)], ['measure.required', seconds(m.required_latency_s)],
  ];
}

/** What the virtual players say: how much buffer this place needs for none. */
function curve({ measures: { stall_curve } }: LiveTest): string {
  const stalled = stall_curve.filter((point) => point.stalls > 0);
  const calm = stall_curve.find((point) => point.stalls === 0);
  const words = stalled.map((point) => t('measure.curve', { latency: point.latency_s, stalls: point.stalls, seconds: tidy(point.stalled_s) }));
  if (calm) words.push(t('measure.curve.none', { latency: calm.latency_s }));
  return words.join(' · ');
}

export function Sheet({ test, onBack }: { test: LiveTest; onBack: () => void }) {
  const verdict = test.verdict ?? 'incomplete';
  const by = test.started_by ?? t('sheet.terminal');
  const measured = rows(test);
  const half = Math.ceil(measured.length / 2);
  return (
    <article class="sheet">
      <div class="head">
        <h2>{t('sheet.title')}</h2>
        <span class={`verdict ${kVerdictColours[verdict]}`}>{t(`verdict.${verdict}` as Key)}</span>
        <span class="gap" />
        <button type="button" class="quiet noprint" onClick={() => window.print()}>{t('test.print')}</button>
        <button type="button" class="quiet noprint" onClick={onBack}>{t('test.back')}</button>
      </div>
      <dl class="about">
        <div><dt>{t('sheet.room')}</dt><dd>{test.room_name}（{test.room}）</dd></div>
        <div><dt>{t('sheet.when')}</dt><dd>{dated(ms(test.begin))} · {t('unit.minutes', { n: test.minutes })}</dd></div>
        <div><dt>{t('sheet.started_by')}</dt><dd>{by}</dd></div>
        <div><dt>{t('sheet.attended_by')}</dt><dd>{test.attended_by ?? t('sheet.missing')}</dd></div>
      </dl>
      <h3>{t('sheet.reasons')}</h3>
      {test.reasons.length === 0 ? <p>{t('sheet.reasons.none')}</p> : (
        <ul class="reasons">
          {test.reasons.map((reason) => <li key={reason.code}><strong>{reason.text}</strong>{reason.next && <span class="next">{t('sheet.next', { next: reason.next })}</span>}<code>{reason.code}</code></li>)}
        </ul>
      )}
      <h3>{t('sheet.measures')}</h3>
      <div class="measures">
        {[measured.slice(0, half), measured.slice(half)].map((part) => (
          <table><tbody>{part.map(([key, value]) => <tr key={key}><th scope="row">{t(key)}</th><td>{value}</td></tr>)}</tbody></table>
        ))}
      </div>
      {curve(test) && <p class="faint">{curve(test)}</p>}
      <p class="confidence">{test.confidence}</p>
      <p class="faint">{t('sheet.version', { version: test.qoe_version })} · {t('sheet.id', { id: test.id })}</p>
      <div class="signatures"><span>{t('sheet.sign.teacher')}</span><span>{t('sheet.sign.technician')}</span></div>
    </article>
  );
}
