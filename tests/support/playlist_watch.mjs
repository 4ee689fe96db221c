// Every media playlist that a test's programs serve, as one client sees it: held
// to the rules (tests/support/hls_rules.hpp) and to what an independent parser
// reads, at the end of the test. What was seen is kept in files.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'm3u8-parser';
import { parsePlaylist } from './playlist.mjs';
import { program, run } from './process.mjs';
import { temporaryFolder } from './temporary_folder.mjs';
import { pause } from './wait.mjs';

const kEveryMs = 900;

/** What one client has seen of one playlist; the same text twice is once. */
export class PlaylistLog {
  constructor(name) {
    this.name = name;
    this.texts = [];
  }
  see(text) {
    if (text && text !== this.texts.at(-1)) this.texts.push(text);
  }
  /** One line per violation. */
  async violations() {
    if (!this.texts.length) return [];
    const dir = join(temporaryFolder(), this.name.replace(/[^\w.-]+/g, '_'));
    mkdirSync(dir, { recursive: true });
    const files = this.texts.map((text, i) => join(dir, `${String(i).padStart(5, '0')}.m3u8`));
    files.forEach((file, i) => writeFileSync(file, this.texts[i]));
    const checked = await run(null, program('tongke-test-hls-check'), files);
    const found = checked.code === 0 ? [] : (checked.stdout.trim() || `the checker failed: ${checked.stderr}`).split('\n');
    return [...found, ...this.texts.flatMap((text) => disagreements(text))].map((line) => `${this.name}: ${line}`);
  }
}

/** Where m3u8-parser, which knows nothing of us, reads something else than we do. */
function disagreements(text) {
  const parser = new Parser();
  parser.push(text);
  parser.end();
  const ours = parsePlaylist(text), { manifest } = parser, out = [];
  const same = (what, a, b) => { if (a !== b) out.push(`m3u8-parser reads ${what} ${b}, we read ${a}`); };
  same('TARGETDURATION', ours.target, manifest.targetDuration);
  same('MEDIA-SEQUENCE', ours.sequence, manifest.mediaSequence);
  same('DISCONTINUITY-SEQUENCE', ours.discontinuitySequence, manifest.discontinuitySequence);
  same('segments', ours.segments.length, manifest.segments.length);
  for (const [i, segment] of ours.segments.entries()) {
    const theirs = manifest.segments[i];
    same(`the name of ${segment.msn}`, segment.uri, theirs?.uri);
    same(`the length of ${segment.msn}`, segment.duration, theirs?.duration);
    same(`the discontinuity of ${segment.msn}`, Boolean(segment.discontinuity), Boolean(theirs?.discontinuity));
    if (segment.pdt !== undefined) same(`the date of ${segment.msn}`, segment.pdt, theirs?.dateTimeObject?.getTime());
  }
  return out;
}

/** Asks for it again and again until the test's end, also over restarts of who serves it; then checks all that came. */
export function watchPlaylist(test, name, address, token) {
  const log = new PlaylistLog(name);
  let running = true;
  const done = (async () => {
    while (running) {
      const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } }).catch(() => null);
      if (answer?.ok) log.see(await answer.text().catch(() => log.texts.at(-1)));
      await pause(kEveryMs);
    }
  })();
  test.after(async () => {
    running = false;
    await done;
    assert.deepEqual(await log.violations(), []);
    test.diagnostic?.(`${name}: ${log.texts.length} playlists without a violation`);
  });
  return log;
}
