// The county's board at the relay and at the node: twenty rooms on one screen,
// every state with its word, one room opened, never older than it says.
import test from 'node:test';
import assert from 'node:assert/strict';
import { until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, overflow, screenshot } from './chromium.mjs';
import { Mock } from './mock.mjs';
import { countyRooms, kAccounts, sentence, word } from './mock_data.mjs';
import { builtSite } from './site.mjs';

const relayPages = builtSite('relay'), nodePages = builtSite('player');
let browser;
test.before(async () => { browser = await openBrowser(); });
test.after(() => browser?.close());
const text = (page) => page.evaluate(() => document.body.innerText);

async function board(t, pages, path = '/', account = kAccounts.county_it) {
  const mock = await new Mock(pages).listen();
  const { page, faults, context } = await openPc(browser);
  t.after(async () => { await context.close(); await mock.close(); });
  await logIn(page, mock.url + path, account);
  return { mock, page, faults };
}

test('twenty rooms fit on 1366×768, worst first, each state as shape and word', async (t) => {
  const { page, faults } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  assert.equal(await page.locator('.tile').count(), 20);
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  assert.ok((await text(page)).includes(sentence));
  const tiles = await page.locator('.tile').allInnerTexts();
  for (const room of countyRooms()) assert.ok(tiles.find((tile) => tile.includes(room.id)).includes(word(room.state)), room.id);
  assert.match(tiles[0], /城关第三小学[\s\S]*停顿[\s\S]*已停 00:4\d/);
  await screenshot(page, 'county');
  assert.deepEqual(faults, []);
});

test('no tile hides any of its text', async (t) => {
  const { page } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  await page.goto(new URL('/?lang=en', page.url()).href);
  await page.locator('.tile').first().waitFor();
  const cut = () => page.evaluate(() => [...document.querySelectorAll('.tile *')].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0).map((each) => each.textContent));
  assert.deepEqual(await cut(), []);
  await screenshot(page, 'county-en');
  await page.goto(new URL('/', page.url()).href);
  await page.locator('.tile').first().waitFor();
  assert.deepEqual(await cut(), []);
});

test('a change is on the board within five seconds, at once where the server tells', async (t) => {
  const { mock, page } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  const rooms = countyRooms();
  Object.assign(rooms[0], { state: 'stalled', open_stall: { begin: new Date().toISOString(), end: null, seconds: 1, class: 'short', hop: 'node', share: null } });
  mock.rooms = rooms;
  await until('the server can tell the page', () => mock.sse.size === 1, 5);
  mock.changed([rooms[0]]);
  const begin = Date.now();
  await until('the tile is red', async () => /停顿/.test(await page.locator('[data-room="510113-01"]').innerText()), 1);
  t.diagnostic(`${Date.now() - begin} ms`);
  assert.equal(await page.locator('.tile').count(), 20);
  const later = countyRooms();
  Object.assign(later[1], { state: 'offline' });
  mock.rooms = later;
  for (const response of mock.sse) response.end();  // from here on the page asks by itself
  await until('the other tile is grey', async () => /失联/.test(await page.locator('[data-room="510113-02"]').innerText()), 5);
});

test('a room opens into its buffer, each stall with begin, length and hop, and the last test', async (t) => {
  const { page, faults } = await board(t, relayPages);
  await page.locator('[data-room="510113-04"]').click();
  await page.locator('.stalls').waitFor();
  const shown = await text(page);
  assert.match(shown, /\d\d:\d\d:\d\d\s+4\d 秒 还在停\s+中断\s+校内网（节点→电脑）\s+92 %/);
  assert.match(shown, /6\.4 秒\s+长\s+上行（中继→节点）\s+88 %/);
  assert.match(shown, /最近一次测试\s+不合格/);
  assert.match(shown, /联系人：赵工/);
  await screenshot(page, 'county-room');
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  await page.getByRole('link', { name: /返回各分课堂/ }).click();
  await page.locator('.tile').first().waitFor();
  assert.deepEqual(faults, []);
});

test('a server that is away turns the board grey and says of when it is', async (t) => {
  const { mock, page } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  mock.kill();
  await page.locator('.board.stale').waitFor({ timeout: 20_000 });
  assert.match(await text(page), /连不上服务器，以下是 \d\d:\d\d:\d\d 的情况/);
  await screenshot(page, 'county-stale');
  assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
  mock.revive();
  await until('it is fresh again', async () => (await page.locator('.board.stale').count()) === 0, 10);
});

test('the node shows the same, read only, and asks no other server', async (t) => {
  const { mock, page, faults } = await board(t, nodePages, '/county');
  await page.locator('.tile').first().waitFor();
  assert.match(await text(page), /只读 · 本县节点/);
  assert.equal(mock.requests.some((each) => each.endsWith('/api/v1/events')), false);
  await screenshot(page, 'county-node');
  assert.deepEqual(faults, []);
});

test('the board is reachable by keyboard alone', async (t) => {
  const { page } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  await page.keyboard.press('Tab');
  await until('focus is on a tile', async () => {
    await page.keyboard.press('Tab');
    return page.evaluate(() => document.activeElement.classList.contains('tile'));
  }, 5);
  await page.keyboard.press('Enter');
  await page.locator('.room').waitFor();
});

test('an administrator without a view of classrooms is told so', async (t) => {
  const { page } = await board(t, relayPages, '/', kAccounts.auditor);
  await until('it says so', async () => (await text(page)).includes('该账号没有课堂视图'), 5);
});

test('the operator sees what the encoders send, what is wrong and since when, above the rooms', async (t) => {
  const { page, faults } = await board(t, relayPages, '/', kAccounts.operator);
  await page.locator('.source').first().waitFor();
  const [main, other] = await page.locator('.source').allInnerTexts();
  assert.match(main, /main[\s\S]*正在推流[\s\S]*1280×720 · 25 帧\/秒 · 2\.5 Mbit\/s · 关键帧每 2\.0 秒[\s\S]*主用编码器 FMLE\/3\.0[\s\S]*15 个接收端/);
  assert.match(main, /告警[\s\S]*没有声音[\s\S]*已 00:4\d[\s\S]*提示[\s\S]*画面不动了[\s\S]*已 02:0\d/, 'the worst first');
  assert.match(other, /test[\s\S]*没有推流/);
  assert.equal((await overflow(page)).sideways, 0);
  await page.getByText('已结束的提示 1 条').click();
  await until('what is over can be read', async () => /画面是黑的[\s\S]*持续 00:05/.test(await text(page)), 5);
  await screenshot(page, 'operator');
  await page.goto(new URL('/?lang=en', page.url()).href);
  await until('it speaks English', async () => /No source/.test(await text(page)), 5);
  assert.deepEqual(faults, []);
});

test('a county sees no source', async (t) => {
  const { mock, page } = await board(t, relayPages);
  await page.locator('.tile').first().waitFor();
  assert.equal(await page.locator('.source').count(), 0);
  assert.ok(!mock.requests.includes('GET /api/v1/streams'));
});
