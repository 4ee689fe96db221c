#!/usr/bin/env node
// node scripts/build-pages.mjs --site player|relay --out DIR [--depfile FILE]
//
// Bundles one site's pages with esbuild and writes what the program embeds:
//   DIR/site/index.html            asked for anew each time
//   DIR/site/assets/NAME-HASH.EXT  kept by browsers for ever
//   DIR/assets.cpp                 the table of them, bytes by .incbin
// Installs the npm packages of package-lock.json first when they are missing or
// out of date. Runs on Debian 12's Node 18. Files whose content did not change
// are left alone, so that nothing is compiled again for nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const kTypes = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

function options(args) {
  const given = { site: null, out: null, depfile: null };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (!(name in given) || args[i + 1] === undefined) throw new Error(`unknown option ${args[i]}`);
    given[name] = args[i + 1];
  }
  if (!['player', 'relay'].includes(given.site) || !given.out) throw new Error('--site player|relay and --out DIR are needed');
  return { ...given, out: resolve(given.out) };
}

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = join(root, 'node_modules/.tongke-lock');
  if (existsSync(stamp) && readFileSync(stamp).equals(lock)) return;
  const run = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) throw new Error('npm ci failed: the pages need the packages of package-lock.json');
  writeFileSync(stamp, lock);
}

async function bundle(site) {
  const { build } = await import('esbuild');
  return build({
    absWorkingDir: root,
    entryPoints: [{ in: `${site}/ui/main.tsx`, out: 'app' }],
    outdir: '/assets',
    entryNames: '[name]-[hash]',
    bundle: true, write: false, minify: true, metafile: true,
    format: 'iife', target: ['es2015', 'chrome80'], charset: 'utf8', legalComments: 'none',
    jsx: 'automatic', jsxImportSource: 'preact',
    alias: { 'hls.js': 'hls.js/light' },
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

function files(site, result) {
  const icon = readFileSync(join(root, 'common/ui/icon.svg'));
  const list = result.outputFiles.map((file) => ({ path: `/assets/${file.path.split('/').pop()}`, bytes: Buffer.from(file.contents) }));
  const named = (extension) => list.find((file) => file.path.endsWith(extension)).path;
  list.push({ path: `/assets/icon-${digest(icon).slice(0, 8)}.svg`, bytes: icon });
  const html = readFileSync(join(root, `${site}/ui/index.html`), 'utf8')
    .replace('%SCRIPT%', named('.js')).replace('%STYLE%', named('.css')).replace('%ICON%', named('.svg'));
  list.push({ path: '/index.html', bytes: Buffer.from(html) });
  return list.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function writeSite(out, list) {
  const folder = join(out, 'site/assets');
  const keep = new Set(list.map((file) => file.path.split('/').pop()));
  if (existsSync(folder)) for (const name of readdirSync(folder)) if (!keep.has(name)) rmSync(join(folder, name));
  for (const file of list) writeIfChanged(join(out, 'site', file.path), file.bytes);
}

function table(site, out, list) {
  const blobs = list.map((file, i) => `    ".global tongke_${site}_asset_${i}\\n.balign 16\\ntongke_${site}_asset_${i}:\\n"
    ".incbin \\"${join(out, 'site', file.path)}\\"\\n"`).join('\n');
  const externs = list.map((_, i) => `extern const std::uint8_t tongke_${site}_asset_${i}[];`).join('\n');
  const rows = list.map((file, i) => {
    const extension = file.path.split('.').pop();
    const cache = extension === 'html' ? 'kAskEachTime' : 'kKeepForEver';
    return `    {"${file.path}", "${kTypes[extension]}", "\\"${digest(file.bytes)}\\"", ${cache},
     {tongke_${site}_asset_${i}, ${file.bytes.length}}},`;
  }).join('\n');
  return `// Made by scripts/build-pages.mjs from ${site}/ui.
#include "${site}/ui/assets.hpp"

__asm__(
    ".pushsection .rodata\\n"
${blobs}
    "\\n.popsection\\n");

extern "C" {
${externs}
}

namespace tongke::${site}::ui {
using namespace tongke::ui;

std::span<const Asset> assets() {
    static const Asset kAssets[] = {
${rows.replace(/^/gm, '    ')}
    };
    return kAssets;
}

}  // namespace tongke::${site}::ui
`;
}

try {
  const { site, out, depfile } = options(process.argv.slice(2));
  installPackages();
  const result = await bundle(site);
  const list = files(site, result);
  writeSite(out, list);
  writeFileSync(join(out, 'assets.cpp'), table(site, out, list));
  const inputs = [...Object.keys(result.metafile.inputs), `${site}/ui/index.html`, 'common/ui/icon.svg', 'package-lock.json', relative(root, fileURLToPath(import.meta.url))];
  if (depfile) writeFileSync(depfile, `${join(out, 'assets.cpp')}: ${inputs.map((file) => resolve(root, file).replace(/ /g, '\\ ')).join(' \\\n  ')}\n`);
} catch (error) {
  console.error(`build-pages: ${error.message}`);
  process.exit(1);
}
