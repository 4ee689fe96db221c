// Runs every kind of test one after the other and prints a summary by kind.
// A test program's own closing line says how many cases it ran; a program that
// ran none counts as failed.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { dirname, join, resolve } from 'node:path';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(root);
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null);
const all = process.argv.includes('--all');
const only = argument('--only')?.split(',');
const match = argument('--match');
const cores = (availableParallelism ?? (() => cpus().length))();
const logs = join(root, 'build/test-logs');
mkdirSync(logs, { recursive: true });

/** The ctest entries of a preset that carry a label, as commands. */
function ctests(preset, label) {
  const text = execFileSync('ctest', ['--test-dir', `build/${preset}`, '--show-only=json-v1', '-L', `^${label}$`], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return JSON.parse(text).tests.map((test) => ({
    name: `${test.name} (${preset})`, command: test.command,
    seconds: test.properties.find((p) => p.name === 'TIMEOUT')?.value ?? 300,
  }));
}
const nodeTests = (folder, seconds) => (existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.test.mjs')).sort() : [])
  .map((file) => ({ name: file.replace('.test.mjs', ''), command: ['node', '--test-reporter=tap', join(folder, file)], seconds }));
const fuzzers = () => (existsSync('build/fuzz/bin') ? readdirSync('build/fuzz/bin').filter((f) => f.startsWith('fuzz_')) : []).map((name) => {
  const grown = join(logs, `corpus-${name}`);
  mkdirSync(grown, { recursive: true });
  const seeds = join('tests/fuzz/corpus', name.replace('fuzz_', ''));
  return { name, command: [join('build/fuzz/bin', name), '-max_total_time=60', '-rss_limit_mb=2048', '-timeout=10', grown, ...(existsSync(seeds) ? [seeds] : [])], seconds: 180 };
});
const bench = (kind) => (existsSync(`tests/bench/${kind}.mjs`) ? [{ name: kind, command: ['node', `tests/bench/${kind}.mjs`], seconds: 3600 }] : []);

const kinds = {
  lint: () => [{ name: 'lint', command: ['scripts/lint'], seconds: 300 }],
  unit: () => [...ctests('release', 'unit'), ...ctests('dev', 'unit')],
  integration: () => [...ctests('release', 'integration'), ...ctests('dev', 'integration')],
  'fuzz-replay': () => ctests('dev', 'fuzz-replay'),
  pages: () => nodeTests('tests/pages', 120),
  e2e: () => nodeTests('tests/e2e', 900),
  browser: () => nodeTests('tests/e2e/browser', 900),
};
const extra = {
  tsan: () => [...ctests('tsan', 'unit'), ...ctests('tsan', 'integration')],
  fuzz: fuzzers,
  soak: () => bench('soak'),
  bench: () => [...bench('bench'), ...bench('fanout')],
};
const parallel = new Set(['unit', 'fuzz-replay', 'fuzz', 'tsan', 'pages']);
// The e2e programs wait more than they work.
const lanes = (kind) => (kind === 'e2e' ? cores + 1 : parallel.has(kind) ? cores : 1);
// Six decoders at once, and the time of a start: nothing beside them.
const alone = new Set(['clients', 'demo']);
// Minutes of waiting with little work: begun first, the short ones beside them.
const longest = ['livetest', 'link_cut', 'rtmp_upstream', 'relay_upstream'];
const rank = ({ name }) => (longest.includes(name) ? longest.indexOf(name) : longest.length);

// Whole programs and browsers, judged by the clock: on a machine that others use too a second of theirs is a stall here.
// What failed is run once more, alone; the summary counts it apart.
const repeated = new Set(['e2e', 'browser']);
const kMostRepeats = 4;  // more than that is no noise

/** How many cases a finished program says it ran. */
function casesIn(output) {
  const catch2 = output.match(/All tests passed \(\d+ assertions? in (\d+) test cases?\)/) ?? output.match(/test cases:\s+(\d+)/);
  if (catch2) return Number(catch2[1]);
  const tap = [...output.matchAll(/^# pass (\d+)$/gm)].pop();
  if (tap) return Number(tap[1]);
  const oks = output.match(/^ok \d+/gm);  // ended before the reporter's summary (tests/support/ends.mjs)
  if (oks) return oks.length;
  const replay = output.match(/replayed (\d+) inputs/);
  if (replay) return Number(replay[1]);
  return 1;
}

/** The part of a failed program's output that says what failed; the whole lies in build/test-logs. */
function whatFailed(output) {
  const tap = [...output.matchAll(/^ *not ok [\s\S]*?^ *\.\.\.$/gm)].map((found) => found[0]);
  const said = output.match(/^ *# (?!Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration).*$/gm) ?? [];
  return tap.length ? [...tap.slice(0, 4), ...said.slice(-12)].flatMap((part) => part.split('\n')) : output.split('\n').slice(-60);
}

/** What the machine's processors have done since it started, in ticks: all of it, and what other guests of its host took. */
function processorTime() {
  try {
    const ticks = readFileSync('/proc/stat', 'utf8').match(/^cpu +(.*)$/m)[1].split(' ').map(Number).slice(0, 8);
    return { total: ticks.reduce((a, b) => a + b, 0), idle: ticks[3] + ticks[4], stolen: ticks[7] };
  } catch { return { total: 0, idle: 0, stolen: 0 }; }
}

function run(test) {
  return new Promise((done) => {
    const begin = Date.now(), before = processorTime();
    const child = spawn(test.command[0], test.command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '', late = false;
    const take = (chunk) => { output += chunk; };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => { late = true; process.kill(-child.pid, 'SIGKILL'); }, test.seconds * 1000);
    const finish = (code) => {
      clearTimeout(timer);
      writeFileSync(join(logs, `${test.name.replace(/[^\w.-]+/g, '_')}${test.again ? '.again' : ''}.log`), output);
      const now = processorTime(), share = (what) => `${Math.round(100 * (now[what] - before[what]) / Math.max(1, now.total - before.total))} %`;
      const machine = `the processors meanwhile: ${share('idle')} idle, ${share('stolen')} taken by other guests of the host`;
      const cases = casesIn(output);
      const why = late ? `no end after ${test.seconds} s` : code !== 0 ? `exit ${code}` : cases === 0 ? 'ran no test' : null;
      done({ ...test, cases, why, output, machine, took: (Date.now() - begin) / 1000 });
    };
    child.once('error', (error) => { output += error.message; finish(-1); });
    child.once('close', finish);
  });
}

async function runKind(kind, tests) {
  let results = [];
  const work = async (queue) => {
    for (let test = queue.shift(); test; test = queue.shift()) {
      const result = await run(test);
      results.push(result);
      console.log(`${result.why ? 'FAILED' : 'ok    '} ${kind}: ${result.name}, ${result.cases} tests, ${result.took.toFixed(1)} s${result.why ? ` (${result.why})` : result.again ? ' (the second time)' : ''}`);
      if (result.why) console.log([...whatFailed(result.output), result.machine].map((line) => `    ${line}`).join('\n'));
    }
  };
  const beside = tests.filter((test) => !alone.has(test.name)).sort((a, b) => rank(a) - rank(b));
  await work(tests.filter((test) => alone.has(test.name)));
  await Promise.all(Array.from({ length: lanes(kind) }, () => work(beside)));
  const failed = results.filter((result) => result.why);
  if (repeated.has(kind) && failed.length && failed.length <= kMostRepeats) {
    console.log(`once more, alone: ${failed.map(({ name }) => name).join(', ')}`);
    results = results.filter((result) => !result.why);
    await work(failed.map(({ name, command, seconds }) => ({ name, command, seconds, again: true })));
  }
  return results;
}

const begin = Date.now();
const summary = [];
for (const [kind, list] of Object.entries(all ? { ...kinds, ...extra } : kinds)) {
  if (only && !only.includes(kind)) continue;
  const tests = list().filter((test) => !match || test.name.includes(match));
  if (!tests.length) { if (!match) summary.push({ kind, programs: 0, passed: 0, again: 0, failed: 0 }); continue; }
  const results = await runKind(kind, tests);
  const failed = results.filter((r) => r.why);
  summary.push({ kind, programs: results.length, passed: results.reduce((n, r) => n + (r.why ? 0 : r.cases), 0), again: results.filter((r) => r.again && !r.why).length, failed: failed.length });
}
const passed = summary.reduce((n, row) => n + row.passed, 0), failed = summary.reduce((n, row) => n + row.failed, 0);
console.log('\nkind          programs   tests passed   programs that passed only the second time   programs failed');
for (const row of summary) console.log(`${row.kind.padEnd(13)} ${String(row.programs).padStart(8)} ${String(row.passed).padStart(14)} ${String(row.again).padStart(44)} ${String(row.failed).padStart(17)}`);
console.log(`\n${((Date.now() - begin) / 60000).toFixed(1)} min; logs in build/test-logs`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
