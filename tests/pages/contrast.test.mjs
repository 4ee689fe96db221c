import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './load.mjs';

const css = ['common/ui/base.css', 'common/ui/board/board.css', 'player/ui/classroom.css'].map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
const named = Object.fromEntries([...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
const hex = (colour) => named[colour] ?? colour;

function luminance(colour) {
  const channel = (i) => {
    const c = parseInt(hex(colour).slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
}
function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const white = '#ffffff';
const pairs = [
  ...['blue', 'orange', 'green', 'red', 'grey', 'purple', 'cyan'].map((colour) => [white, colour]), ['yellow-ink', 'yellow'],
  ['ink', 'ground'], ['faint', 'ground'], ['faint', 'paper'], ['blue', 'ground'], ['brand', 'paper'], ['ink', '#fdecec'], ['#4c3033', '#fdecec'],
  ['#6b4a00', 'paper'], ['#3e4750', '#d5dade'], ['#4a535c', '#c9d0d6'], ['ink', '#fff6d6'], ['ink', '#f3c3c5'], ['#c6ced6', '#10161c'], ['ink', '#e2f3f6'],
];

for (const [text, ground] of pairs)
  test(`text ${text} on ${ground} has contrast AA`, () => {
    for (const colour of [text, ground]) assert.ok(colour in named || colour === white || css.includes(colour), `${colour} is not in the style sheets`);
    assert.ok(contrast(text, ground) >= 4.5, `${contrast(text, ground).toFixed(2)}`);
  });

test('nothing in the style sheets is too new for Chrome 80', () => {
  assert.doesNotMatch(css.replace(/\/\*[^]*?\*\//g, ''), /aspect-ratio|:is\(|:where\(|:has\(|inset:|@container|@layer|color-mix|(?<!grid-)\bgap:/);
});
