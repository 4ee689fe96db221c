// The technician's page: quick check, formal test on the test stream with its
// throughput probe, result sheet, no play button anywhere.
import test from 'node:test';
import assert from 'node:assert/strict';
import { until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, overflow, screenshot } from './chromium.mjs';
import { Mock } from './mock.mjs';
import { debug, iso, kAccounts } from './mock_data.mjs';
import { MockMedia } from './mock_media.mjs';
import { builtSite } from './site.mjs';
import { figures, watch } from './watch.mjs';

const pages = builtSite('player');
let media, browser;
test.before(async () => { media = await MockMedia.start(); browser = await openBrowser(); });
test.after(async () => { await browser?.close(); await media?.stop(); });
const text = (page) => page.evaluate(() => document.body.innerText);

async function technician(t, adjust = () => {}, account = kAccounts.technician) {
  const mock = await new Mock(pages, media).listen();
  mock.room.debug_window = debug();
  adjust(mock);
  const { page, faults, context } = await openPc(browser);
  t.after(async () => { await context.close(); await mock.close(); });
  await logIn(page, mock.url + (account.role === 'teacher' ? '/#/test' : ''), account);
  await page.getByRole('button', { name: '开始测试' }).waitFor();
  return { mock, page, faults };
}

test('the quick check grades nine facts and each fault has one next step', async (t) => {
  const { page, faults } = await technician(t);
  await until('the check is done', async () => (await page.locator('.check li').count()) === 9, 10);
  assert.match(await text(page), /浏览器[\s\S]*Chrome \d+[\s\S]*H\.264 \+ AAC 可以播放[\s\S]*1366×768/);
  assert.match(await text(page), /仅班主任可播放/);
  assert.equal(await page.getByRole('button', { name: '开始播放' }).count(), 0);
  await screenshot(page, 'technician');
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  assert.deepEqual(faults, []);
});

test('a formal test plays the test stream, measures a stored segment, and ends in a sheet with both names', async (t) => {
  const { mock, page, faults } = await technician(t, (node) => { node.testSeconds = 16; });
  await page.getByLabel('测试时长').selectOption('1');
  await page.getByRole('button', { name: '开始测试' }).click();
  await page.locator('video').waitFor();
  await watch(page);
  await until('the countdown runs', async () => /还剩 00:0\d/.test(await text(page)), 15);
  await screenshot(page, 'test-running');
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  const seen = await figures(page, 5);
  assert.ok(seen.fps >= 24 && seen.sound_dbfs > -40, JSON.stringify(seen));
  await page.getByText('直播测试结果').waitFor({ timeout: 20_000 });
  assert.match(await text(page), /合格[\s\S]*发起人\s*赵工[\s\S]*参与人/);
  await screenshot(page, 'sheet-passed');
  await page.emulateMedia({ media: 'print' });
  await screenshot(page, 'sheet-print');
  const sheet = await page.pdf({ format: 'A4' });
  assert.equal(sheet.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 1, 'the sheet prints on one A4');
  const fetches = mock.beacons.flatMap((batch) => batch.fetches ?? []);
  const stored = fetches.filter((each) => each.stored);
  assert.ok(stored.length >= 1 && stored.every((each) => each.bytes > 10_000 && each.end > each.begin), JSON.stringify(stored));
  assert.ok(mock.beacons.every((batch) => batch.purpose === 'test'));
  // Alone on the line: no live fragment of this page overlaps a stored one.
  for (const one of stored) assert.ok(fetches.every((each) => each.stored || each.end <= one.begin || each.begin >= one.end), JSON.stringify({ one, fetches }));
  assert.equal(mock.requests.filter((each) => /\/hls\/index/.test(each) && !each.includes('/test/')).length, 0);
  assert.deepEqual(faults, []);
});

test('a failed test says why and what to do next', async (t) => {
  const { page } = await technician(t, (node) => { node.testSeconds = 2; node.outcome = 'failed'; });
  await page.getByRole('button', { name: '开始测试' }).click();
  await page.getByText('直播测试结果').waitFor({ timeout: 20_000 });
  assert.match(await text(page), /不合格[\s\S]*可用带宽只有码率的 0\.81 倍[\s\S]*下一步：请改用网线[\s\S]*throughput/);
  await screenshot(page, 'sheet-failed');
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  await page.getByRole('button', { name: '返回' }).click();
  await until('it is listed', async () => /最近的测试[\s\S]*不合格/.test(await text(page)), 5);
});

test('outside the debug window the page says when it opens and the check still works', async (t) => {
  const next = iso(Date.now() + 26 * 3600e3);  // another day at whatever hour this runs
  const { page } = await technician(t, (node) => Object.assign(node.room, { debug_window: null, slot: null, test: { allowed: false, code: 'outside_window', detail: '现在不在调试时段。', next } }));
  await until('it says when', async () => /调试未开始。\d+月\d+日 \d\d:\d\d 开放/.test(await text(page)), 5);
  assert.equal(await page.getByRole('button', { name: '开始测试' }).isDisabled(), true);
  await screenshot(page, 'technician-closed');
});

test('the 班主任 has the same test on a tab of the page', async (t) => {
  const { page } = await technician(t, () => {}, kAccounts.teacher);
  assert.equal(await page.getByText('仅班主任可播放').count(), 0);
  await screenshot(page, 'teacher-test');
});
