// The layer check (DESIGN §5): reads every #include line and fails when a
// folder reaches where it must not, or a third-party header is outside its one
// folder. The folder list is the data path; this keeps it true.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const files = execFileSync('git', ['ls-files', '*.cpp', '*.hpp'], { encoding: 'utf8' }).trim().split('\n');
const folder = (path) => path.split('/').slice(0, 2).join('/');

// A common folder may use only those listed before it.
const commonOrder = ['base', 'time', 'log', 'metrics', 'config', 'net', 'async', 'http', 'program', 'media', 'signal', 'rtmp', 'av', 'hls', 'pull', 'auth', 'store', 'ui'];

const onlyIn = [
  { header: /^gst\//, places: ['player/render', 'tests/'] },
  { header: /^(libav|libsw)/, places: ['common/av', 'tests/'] },
  { header: /^(soci|sqlite3)/, places: ['common/store', 'relay/', 'tests/'], file: /(store|roster|fleet|schedule|audit)/ },
  { header: /^liburing/, places: ['common/net', 'tests/'] },
  { header: /^toml\+\+|^toml\.hpp/, places: ['common/config'] },
  { header: /^jwt\//, places: ['common/auth', 'tests/'] },
];

// Headers that only their own folder includes may use heavy headers: they cost nobody else.
const shared = new Set();
for (const file of files.filter((path) => !path.startsWith('tests/')))
  for (const [, own] of readFileSync(file, 'utf8').matchAll(/^\s*#include "([^"]+)"/gm)) if (folder(own) !== folder(file)) shared.add(own);

const faults = [];
for (const file of files) {
  const from = folder(file);
  const text = readFileSync(file, 'utf8');
  for (const [line, content] of text.split('\n').entries()) {
    const own = content.match(/^\s*#include "([^"]+)"/)?.[1];
    const system = content.match(/^\s*#include <([^>]+)>/)?.[1];
    const at = `${file}:${line + 1}`;
    if (own) {
      const to = folder(own);
      if (!/^(common|relay|player|tests)\//.test(own)) faults.push(`${at}: include from the root, not "${own}"`);
      if (file.startsWith('common/') && /^(relay|player)\//.test(own)) faults.push(`${at}: common must not know ${to}`);
      if (file.startsWith('relay/') && own.startsWith('player/')) faults.push(`${at}: relay must not include player`);
      if (file.startsWith('player/') && own.startsWith('relay/')) faults.push(`${at}: player must not include relay`);
      if (/^(relay|player)\/app\//.test(own) && !new RegExp(`^(${to}/|${to.split('/')[0]}/main\\.cpp|tests/)`).test(file))
        faults.push(`${at}: nobody includes app/`);
      if (/^(common|relay|player)\//.test(file) && own.startsWith('tests/')) faults.push(`${at}: product code must not include tests`);
      if (file.startsWith('common/') && own.startsWith('common/')) {
        const [a, b] = [from.split('/')[1], to.split('/')[1]];
        if (a !== b && commonOrder.indexOf(b) > commonOrder.indexOf(a)) faults.push(`${at}: common/${a} lies below common/${b}`);
        if (!commonOrder.includes(a)) faults.push(`${at}: common/${a} has no place in the order of layers`);
      }
    }
    if (system) {
      for (const rule of onlyIn) {
        if (!rule.header.test(system)) continue;
        const allowed = rule.places.some((p) => file.startsWith(p)) && (!rule.file || file.startsWith('common/store') || file.startsWith('tests/') || rule.file.test(file));
        if (!allowed) faults.push(`${at}: <${system}> belongs in ${rule.places[0]}`);
      }
      if (shared.has(file) && /^boost\/(asio|beast)/.test(system) && !/^common\/(net|async)\/|^tests\//.test(file) &&
          !/_fwd|any_io_executor|awaitable\.hpp$|steady_timer\.hpp$|io_context\.hpp$/.test(system))
        faults.push(`${at}: keep <${system}> out of headers (compile time)`);
    }
  }
}
if (faults.length) {
  console.error(faults.join('\n'));
  console.error(`layers: ${faults.length} faults`);
  process.exit(1);
}
console.log(`layers: ${files.length} files, every include goes the right way`);
