// A folder that goes with the test that made it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Goes at the end of the process: programs that a test's own hooks end may still write there till then. */
export function temporaryFolder() {
  const dir = mkdtempSync(join(tmpdir(), 'tongke-test-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}
