// The pages' own modules, bundled for Node, so that their pure parts are tested
// as they are. Each call gives modules of its own.
import { build } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** load('common/ui/time', 'common/ui/i18n') → one object with what they export, sharing their state. */
export async function load(...modules) {
  const dir = mkdtempSync(join(tmpdir(), 'tongke-pages-'));
  try {
    const out = join(dir, 'bundle.mjs');
    const result = await build({
      stdin: { contents: modules.map((each) => `export * from './${each}';`).join('\n'), resolveDir: root, loader: 'ts' },
      bundle: true, format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], write: false, jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'error',
    });
    writeFileSync(out, result.outputFiles[0].contents);
    return await import(pathToFileURL(out).href);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
