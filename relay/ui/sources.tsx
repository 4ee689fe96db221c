// What the operator sees of the sources, above the rooms: a card a stream with
// what its encoder sends, and what is wrong with it, since when; what is over
// stays to be read. A bad encoder is seen here before the classrooms see it.
import type { Advisory, SourceStream } from '../../common/ui/api';
import { call } from '../../common/ui/http';
import { t, type Key } from '../../common/ui/i18n';
import { ProblemNote } from '../../common/ui/parts';
import { usePoll } from '../../common/ui/poll';
import { clock, dated, ms, sameDay, span, tidy } from '../../common/ui/time';

const kPollMs = 2000, kStaleMs = 10_000;
const kLevels = {
  alarm: { shape: '■', colour: 'red', rank: 0 },
  warning: { shape: '▲', colour: 'yellow', rank: 1 },
  notice: { shape: '○', colour: 'blue', rank: 2 },
} as const;

function look(stream: SourceStream): { shape: string; colour: string; word: string } {
  if (!stream.live) return { shape: '○', colour: 'grey', word: t('source.off') };
  if (stream.slate === 'on') return { shape: '■', colour: 'red', word: t('source.slate') };
  return { shape: '●', colour: 'green', word: t('source.live') };
}

/** What it sends now, as far as it is known. */
export function sends(stream: SourceStream): string {
  const parts: string[] = [];
  if (stream.width > 0) parts.push(`${stream.width}×${stream.height}`);
  if (stream.fps > 0) parts.push(t('source.fps', { n: tidy(stream.fps) }));
  if (stream.bitrate_bps > 0) parts.push(t('source.bitrate', { n: (stream.bitrate_bps / 1e6).toFixed(1) }));
  if (stream.keyframe_interval_s > 0) parts.push(t('source.keyframes', { n: stream.keyframe_interval_s.toFixed(1) }));
  if (stream.b_frames) parts.push(t('source.b_frames'));
  return parts.join(' · ');
}

/** Worst first, then what began last. */
export const byLevel = (list: Advisory[]): Advisory[] =>
  [...list].sort((a, b) => kLevels[a.level].rank - kLevels[b.level].rank || ms(b.since) - ms(a.since));

const moment = (at: number, now: number): string => (sameDay(at, now) ? clock(at) : dated(at));

function Line({ advisory, now }: { advisory: Advisory; now: number }) {
  const { shape, colour } = kLevels[advisory.level];
  const begin = ms(advisory.since), end = advisory.until === null ? now : ms(advisory.until);
  const times = advisory.until === null
    ? t('source.since', { time: moment(begin, now), length: span((end - begin) / 1000) })
    : t('source.lasted', { time: moment(begin, now), length: span((end - begin) / 1000) });
  return (
    <li>
      <span class={`state ${colour}`}><span class="shape" aria-hidden="true">{shape}</span>{t(`source.level.${advisory.level}` as Key)}</span>
      <span class="what">{advisory.text}</span>
      <time>{times}</time>
    </li>
  );
}

function Card({ stream, now }: { stream: SourceStream; now: number }) {
  const { shape, colour, word } = look(stream);
  const worst = byLevel(stream.advisories)[0];
  const edge = worst && worst.level !== 'notice' ? kLevels[worst.level].colour : colour;
  const readers = stream.subscribers.rtmp + stream.subscribers.hls;
  return (
    <section class={`source edge-${edge}`}>
      <div class="line">
        <h2>{stream.name}</h2>
        <span class={`state ${colour}`}><span class="shape" aria-hidden="true">{shape}</span>{word}</span>
        <span>{stream.live ? sends(stream) : ''}</span>
        <span class="small">{stream.publisher && t(`source.from.${stream.publisher.source}` as Key, { client: stream.publisher.client || stream.publisher.address })}</span>
        <span class="small">{stream.frame_gaps.worst_s > 0 && t('source.gap', { n: stream.frame_gaps.worst_s.toFixed(1) })}</span>
        <span class="small">{t('source.readers', { n: readers })}</span>
      </div>
      {stream.advisories.length > 0 && <ul class="advisories">{byLevel(stream.advisories).map((each) => <Line key={each.code} advisory={each} now={now} />)}</ul>}
      {stream.past_advisories.length > 0 && (
        <details>
          <summary>{t('source.past', { n: stream.past_advisories.length })}</summary>
          <ul class="advisories">{stream.past_advisories.map((each) => <Line key={each.code + each.since} advisory={each} now={now} />)}</ul>
        </details>
      )}
    </section>
  );
}

export function Sources({ now }: { now: number }) {
  const list = usePoll(() => call<{ streams: SourceStream[] }>('GET', '/api/v1/streams', undefined, { unreachable: 'error.unreachable.relay' }), kPollMs, 'streams');
  if (!list.value) return list.problem && <ProblemNote problem={list.problem} />;
  const stale = list.problem !== null && performance.now() - list.heard > kStaleMs;
  return <div class={`sources${stale ? ' stale' : ''}`}>{stale && list.problem && <ProblemNote problem={list.problem} />}{list.value.streams.map((stream) => <Card key={stream.name} stream={stream} now={now} />)}</div>;
}
