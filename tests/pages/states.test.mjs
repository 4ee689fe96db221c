import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, root } from './load.mjs';

const { kStates, stateWord } = await load('common/ui/states');

/** The programs' one table of codes and words. */
function programTable() {
  const files = execFileSync('git', ['grep', '-l', '"due_not_started"', '--', 'common/*.cpp'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  assert.equal(files.length, 1, `one table, not ${files}`);
  return [...readFileSync(join(root, files[0]), 'utf8').matchAll(/"([a-z_]+)", "(\p{Script=Han}+)"/gu)].map(([, code, word]) => [code, word]);
}

test('the state codes and words are those of the programs', () => {
  const table = programTable();
  assert.equal(table.length, 9);
  assert.deepEqual(Object.keys(kStates).sort(), table.map(([code]) => code).sort());
  for (const [code, word] of table) assert.equal(stateWord(code), word);
});
