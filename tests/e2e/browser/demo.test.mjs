// The pages on the real programs: the 班主任's lesson (picture, sound, latency)
// and what the county sees of it. TONGKE_FULL=1 plays 60 s, else 20 s.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startDemo } from '../../support/demo.mjs';
import { pause, until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, overflow, screenshot } from './chromium.mjs';
import { judge, playLesson } from './lesson.mjs';

const seconds = process.env.TONGKE_FULL ? 60 : 20;
const text = (page) => page.evaluate(() => document.body.innerText);

test('the 班主任’s lesson moves with sound, and the county sees the room play', async (t) => {
  const { json } = await startDemo(t);
  await pause(10_000);  // the node holds its buffer before the lesson
  const browser = await openBrowser(t);
  const room = json.rooms[1].id;
  const { seen } = await playLesson(browser, json, room, seconds);
  t.diagnostic(JSON.stringify(seen));
  judge(seen);
  for (const [name, site] of [['relay', json.relay.http], ['node', `${json.player.http}/county`]]) {
    const { page, faults } = await openPc(browser);
    await logIn(page, site, json.accounts.county_it);
    await until(`the board of the ${name} shows the room playing`, async () => /播放正常/.test(await page.locator(`[data-room="${room}"]`).innerText()), 15);
    await until('its buffer is drawn', async () => (await page.locator(`[data-room="${room}"] polyline`).count()) > 0, 30);
    assert.match(await text(page), /已播 \d+ 分钟/);
    assert.deepEqual(await overflow(page), { sideways: 0, down: 0 });
    await screenshot(page, `demo-county-${name}`);
    assert.deepEqual(faults, []);
  }
});
