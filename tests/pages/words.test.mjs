import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { load, root } from './load.mjs';

const { zh } = await load('common/ui/words_zh');
const { en } = await load('common/ui/words_en');
const { kStates, stateWord, languageOf, setLanguage, t } = await load('common/ui/states', 'common/ui/i18n');
const blanks = (sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test('every sentence exists in both languages with the same blanks', () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
  for (const key of Object.keys(zh)) {
    assert.ok(zh[key].trim() && en[key].trim(), key);
    assert.deepEqual(blanks(en[key]), blanks(zh[key]), key);
  }
});

test('English is complete: no Chinese is left in it', () => {
  for (const [key, sentence] of Object.entries(en)) assert.doesNotMatch(sentence, /\p{Script=Han}/u, key);
});

test('every sentence is used by a page, and no page names one that is not there', () => {
  const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'common/ui', 'player/ui', 'relay/ui'], { cwd: root, encoding: 'utf8' })
    .split('\n').filter((file) => /\.tsx?$/.test(file) && !/words_/.test(file)).map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const families = [...sources.matchAll(/t\(`([a-z_.]+)\$\{/g)].map((m) => m[1]);
  const unused = Object.keys(zh).filter((key) => !sources.includes(`'${key}'`) && !sources.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)));
  assert.deepEqual(unused, []);
});

test('no sentence blames the system', () => {
  for (const sentence of Object.values(zh)) assert.doesNotMatch(sentence, /系统错误/);
});

test('each state has a shape of its own, so that colour is never alone', () => {
  const shapes = Object.values(kStates).map((look) => look.shape);
  assert.equal(new Set(shapes).size, shapes.length);
});

test('a break and a discussion name themselves', () => {
  assert.equal(stateWord('not_due', { kind: 'break' }), '休息');
  assert.equal(stateWord('not_due', { kind: 'discussion' }), '研讨');
  assert.equal(stateWord('stalled', { kind: 'break' }), '停顿');
});

test('Chinese comes first, English by ?lang=en', () => {
  assert.deepEqual(['', '?lang=en', '?lang=fr'].map(languageOf), ['zh', 'en', 'zh']);
  setLanguage('en');
  assert.equal(t('unit.seconds', { n: 3 }), '3 s');
  setLanguage('zh');
  assert.equal(t('unit.seconds', { n: 3 }), '3 秒');
});
