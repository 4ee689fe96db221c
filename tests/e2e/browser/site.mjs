// The two sites' bundled pages for tests that need no program: built on demand.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../support/process.mjs';

export function builtSite(site) {
  const out = join(root, 'build/pages', site);
  execFileSync('flock', [join(root, 'package-lock.json'), process.execPath, join(root, 'scripts/build-pages.mjs'), '--site', site, '--out', out], { stdio: 'inherit' });
  return join(out, 'site');
}
