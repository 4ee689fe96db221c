// A stall made on purpose. The link relay → node is held for 5 s at random
// phases: no room stalls, and the node's own gauge of the PC's buffer follows
// the browser's. Then for 20 s: exactly one stall per room, its begin and its
// length as the tester's own log of presented frames has them, on the county's
// page with its hop. TONGKE_FULL=1: 8 short cuts, else 2.
import test from 'node:test';
import assert from 'node:assert/strict';
import { login, metric, startDemo } from '../../support/demo.mjs';
import { FaultProxy } from '../../support/fault_proxy.mjs';
import { pause, until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, screenshot } from './chromium.mjs';
import { playLesson } from './lesson.mjs';

const shortCuts = process.env.TONGKE_FULL ? 8 : 2;

/** Every time ≥ 0.5 s between two presented frames after `since` (unix ms): {begin (unix ms), seconds}. */
const standstills = (page, since) => page.evaluate(([from, min]) => {
  const { frames } = window.__watch, found = [];
  for (let i = 1; i < frames.length; i++) {
    const seconds = (frames[i][0] - frames[i - 1][0]) / 1000;
    const begin = performance.timeOrigin + frames[i - 1][0];
    if (begin >= from && seconds >= min) found.push({ begin, seconds });
  }
  return found;
}, [since, 0.5]);

/** QOE.md §2, the merge rule: less than 1 s of play apart is one, as long as its parts together. */
const episodes = (spans) => spans.reduce((found, { begin, seconds }) => {
  const last = found.at(-1), end = begin + seconds * 1000;
  if (!last || begin - last.end >= 1000) return [...found, { begin, seconds, end }];
  return [...found.slice(0, -1), { begin: last.begin, seconds: last.seconds + seconds, end }];
}, []);

const bufferInPage = (page) => page.evaluate(() => {
  const video = document.querySelector('video');
  for (let i = 0; i < video.buffered.length; i++)
    if (video.buffered.start(i) <= video.currentTime + 0.1 && video.buffered.end(i) > video.currentTime) return video.buffered.end(i) - video.currentTime;
  return 0;
});

test('short cuts cost nothing, a long one is one stall with its begin, length and hop', async (t) => {
  const proxy = await new FaultProxy('127.0.0.1', 0).listen();
  t.after(() => proxy.close());
  const { json } = await startDemo(t, ['--upstream', `http://127.0.0.1:${proxy.port}`], (base) => { proxy.target.port = base + 1; });
  await pause(12_000);
  const browser = await openBrowser(t);
  const rooms = [];
  for (const room of json.rooms.map((r) => r.id)) rooms.push({ room, ...(await playLesson(browser, json, room, 5)) });
  const county = await login(json.relay.http, json.accounts.county_it);
  const board = await openPc(browser);
  await logIn(board.page, json.relay.http, json.accounts.county_it);
  await pause(6000);
  const settled = Date.now();  // two browsers starting on one machine are no part of the lesson

  const errors = [];
  for (let i = 0; i < shortCuts; i++) {
    await pause(9000 + Math.random() * 2000);
    proxy.hold();
    const held = Date.now();
    while (Date.now() - held < 5000) {
      await pause(700);
      for (const { room, page } of rooms) {
        const [node, own] = await Promise.all([metric(json.player.http, 'tongke_buffer_seconds', { room, hop: 'pc' }), bufferInPage(page)]);
        errors.push(Math.abs(node - own));
      }
    }
    proxy.release();
  }
  await pause(4000);
  t.diagnostic(`${shortCuts} cuts of 5 s: gauge of the PC's buffer off by at most ${Math.max(...errors).toFixed(2)} s`);
  for (const { room, page } of rooms) assert.deepEqual(await standstills(page, settled), [], `room ${room} stood still`);
  assert.ok(Math.max(...errors) <= 0.5, `the node's gauge is off by ${Math.max(...errors)} s`);

  await pause(8000);
  proxy.hold();
  await until('the county’s page shows both rooms stalled', async () => (await board.page.locator('[data-room]').allInnerTexts()).filter((tile) => tile.includes('停顿') && /已停/.test(tile)).length === rooms.length, 18, 200);
  await screenshot(board.page, 'county-stalled');
  await pause(20_000 - (Date.now() - proxy.log.at(-1).at));
  proxy.release();
  for (const { page } of rooms)
    await until('the picture moves again', async () => page.evaluate(() => performance.now() - window.__watch.frames.at(-1)[0] < 200 && window.__watch.frames.length > 10), 15);
  await pause(8000);

  for (const { room, page } of rooms) {
    const truth = episodes(await standstills(page, settled));
    assert.equal(truth.length, 1, `room ${room} stood still ${JSON.stringify(truth)}`);
    const { body } = await county.json(`/api/v1/rooms/${room}/events?after=`);
    const stalls = body.events.filter((event) => event.type === 'stall_end');
    assert.equal(stalls.length, 1, JSON.stringify(stalls));
    const beginError = (Date.parse(stalls[0].begin) - truth[0].begin) / 1000, lengthError = stalls[0].seconds - truth[0].seconds;
    t.diagnostic(`${room}: stood still ${truth[0].seconds.toFixed(2)} s; begin off by ${beginError.toFixed(3)} s, length by ${lengthError.toFixed(3)} s, hop ${stalls[0].hop} (${stalls[0].share})`);
    assert.ok(Math.abs(beginError) <= 0.5 && Math.abs(lengthError) <= 0.5);
    assert.equal(stalls[0].hop, 'relay_node');
    await board.page.locator(`[data-room="${room}"]`).click();
    await until('the county page names the hop', async () => /上行/.test(await board.page.evaluate(() => document.body.innerText)), 10);
    await screenshot(board.page, `county-stall-${room}`);
    await board.page.goBack();
  }
});
