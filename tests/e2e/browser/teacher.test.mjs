// The 班主任's page in real Chromium against the mock node with real media:
// picture and sound, every face and word of the button, what goes wrong in a
// classroom. Leaves a screenshot of each state in build/screens.
import test from 'node:test';
import assert from 'node:assert/strict';
import { pause, until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, overflow, screenshot } from './chromium.mjs';
import { Mock } from './mock.mjs';
import { iso, kAccounts, lesson, slot } from './mock_data.mjs';
import { MockMedia } from './mock_media.mjs';
import { builtSite } from './site.mjs';
import { figures, jumps, latencyInPicture, watch } from './watch.mjs';

const pages = builtSite('player');
let media, browser;
test.before(async () => { media = await MockMedia.start(); browser = await openBrowser(); });
test.after(async () => { await browser?.close(); await media?.stop(); });

const startButton = (page) => page.getByRole('button', { name: '开始播放' });
const stopButton = (page) => page.getByRole('button', { name: '按住 2 秒结束' });
const text = (page) => page.evaluate(() => document.body.innerText);
const says = (page, words, seconds = 10) => until(`the page says ${words}`, async () => (await text(page)).includes(words), seconds);

async function fits(page) { assert.deepEqual(await overflow(page), { sideways: 0, down: 0 }); }

/** A node with one PC in front of it, logged in; `adjust` sets the room up first. */
async function classroom(t, adjust = () => {}) {
  media.thaw();
  const mock = await new Mock(pages, media).listen();
  adjust(mock);
  const { page, faults, context } = await openPc(browser);
  t.after(async () => { await context.close(); await mock.close(); });
  await logIn(page, mock.url, kAccounts.teacher);
  await page.locator('.big').waitFor();
  return { mock, page, faults };
}

async function playing(t, adjust) {
  const room = await classroom(t, adjust);
  await startButton(room.page).click();
  await stopButton(room.page).waitFor();
  await watch(room.page);
  await says(room.page, '清晰度 720p', 15);
  return room;
}

test('login: a wrong account or password is named, with the help number and the code', async (t) => {
  const mock = await new Mock(pages, media).listen();
  const { page, faults, context } = await openPc(browser);
  t.after(async () => { await context.close(); await mock.close(); });
  await page.goto(mock.url);
  await page.getByRole('button', { name: '登录' }).waitFor();
  await screenshot(page, 'login');
  await logIn(page, mock.url, { account: 'nobody', password: 'x' });
  await says(page, '没有这个账号');
  await logIn(page, mock.url, { account: kAccounts.teacher.account, password: 'x' });
  await says(page, '密码不对');
  assert.match(await text(page), /4001910910[\s\S]*wrong_password/);
  assert.doesNotMatch(await text(page), /系统错误/);
  await screenshot(page, 'login-wrong');
  await fits(page);
  assert.deepEqual(faults, []);
});

test('the 班主任 presses 开始播放: the picture moves with sound and says how far behind it is', async (t) => {
  const { mock, page, faults } = await classroom(t);
  await screenshot(page, 'teacher-ready');
  await fits(page);
  await startButton(page).click();
  await stopButton(page).waitFor();
  await watch(page);
  await says(page, '禁止录音、拍照、摄像', 5);
  await screenshot(page, 'teacher-notice');
  await pause(11_000);
  const seen = await figures(page, 8);
  t.diagnostic(JSON.stringify(seen));
  assert.equal(await page.locator('video').count(), 1);
  assert.equal(await page.evaluate(() => document.querySelector('video').muted), false);
  assert.ok(seen.fps >= 24 && seen.dropped < 0.01, JSON.stringify(seen));
  assert.ok(seen.sound_dbfs > -40, JSON.stringify(seen));
  const { truth, told } = await latencyInPicture(page);
  assert.ok(Math.abs(truth - told) <= 1, `the picture is ${truth} s old, the page says ${told}`);
  assert.match(await text(page), /缓存 \d+ 秒 · 清晰度 720p · 声音 开 · 与主课堂相差 \d+ 秒/);
  await fits(page);
  await screenshot(page, 'teacher-playing');
  assert.equal(mock.requests.filter((each) => each.includes('/tests')).length, 0);
  assert.deepEqual(faults, []);
});

test('the latency is right with a node whose clock and whose PC disagree', async (t) => {
  const { page } = await playing(t, (mock) => { mock.skewMs = 90_000; });
  await until('the page has measured it', async () => {
    const { truth, told } = await latencyInPicture(page);
    // The main classroom stamps this machine's time; the node's clock is 90 s ahead of it.
    return Math.abs(told - 90 - truth) <= 1;
  }, 10);
});

test('beacons: five samples a second, each batch once in order, marks of the start, kept while the node cannot save them', async (t) => {
  const { mock, page } = await playing(t);
  mock.beaconsRefused = true;
  const before = mock.beacons.length;
  await pause(4000);
  assert.equal(mock.beacons.length, before);
  mock.beaconsRefused = false;
  await until('the kept batches arrive', () => mock.beacons.length >= before + 4, 10);
  const seqs = mock.beacons.map((batch) => batch.seq);
  assert.deepEqual(seqs, seqs.map((_, i) => i + 1));
  const samples = mock.beacons.flatMap((batch) => batch.samples);
  const span = (samples[samples.length - 1].performance_now - samples[0].performance_now) / 1000;
  // Five a second at least: one more for each segment as it is appended.
  const gaps = samples.slice(1).map((sample, i) => sample.performance_now - samples[i].performance_now);
  assert.ok((samples.length - 1) / span > 4.7 && Math.max(...gaps) < 450, `${samples.length} samples in ${span} s, longest gap ${Math.max(...gaps)} ms`);
  const last = samples[samples.length - 1];
  assert.ok(last.presented > 0 && last.buffered > 5 && last.visible && !last.paused, JSON.stringify(last));
  const wall = await page.evaluate(() => performance.timeOrigin) + last.performance_now;
  const { truth } = await latencyInPicture(page);
  assert.ok(Math.abs((wall - last.media_pdt) / 1000 - truth) < 1, `${truth} ${JSON.stringify(last)}`);
  const marks = mock.beacons.flatMap((batch) => batch.marks ?? []);
  assert.deepEqual(marks.map((mark) => mark.name), ['click', 'rights', 'playlist', 'first_byte', 'append', 'first_frame']);
  const times = marks.map((mark) => mark.performance_now);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  const fetches = mock.beacons.flatMap((batch) => batch.fetches ?? []);
  assert.ok(fetches.length >= 5 && fetches.every((each) => each.bytes > 10_000 && each.end >= each.begin && !each.stored), JSON.stringify(fetches));
});

test('a reload goes on by itself: no login, the picture moves, and the sound is one click away at most', async (t) => {
  const { page } = await playing(t);
  await page.reload();
  await stopButton(page).waitFor();
  await watch(page);
  await says(page, '清晰度 720p', 15);
  const restore = page.getByRole('button', { name: '点一下恢复声音' });
  if (await page.evaluate(() => document.querySelector('video').muted)) {
    await restore.waitFor();
    await says(page, '有画面，没有声音');
    await screenshot(page, 'teacher-sound-blocked');
    await restore.click();
  }
  await says(page, '声音 开');
  assert.equal(await page.evaluate(() => document.querySelector('video').muted), false);
  await until('sound is heard', async () => (await figures(page, 2)).sound_dbfs > -40, 10);
  assert.equal(await restore.count(), 0);
});

test('the node dies and comes back: the picture goes on, nothing is skipped, nobody logs in', async (t) => {
  const { mock, page } = await playing(t);
  mock.kill();
  await says(page, '连不上本县节点', 10);
  await screenshot(page, 'teacher-node-away');
  mock.revive();
  await until('the strip has gone', async () => !(await text(page)).includes('连不上本县节点'), 10);
  await until('the buffer is full again', async () => Number((await text(page)).match(/缓存 (\d+) 秒/)?.[1]) >= 8, 15);
  assert.deepEqual(await jumps(page), []);
  assert.ok((await figures(page, 12)).longest_gap_s < 0.5);
  assert.match(await text(page), /声音 开/);
});

test('the link to the node is held for 5 s: no frame is late', async (t) => {
  const { mock, page } = await playing(t);
  mock.hold();
  await pause(5000);
  mock.release();
  await pause(6000);
  assert.ok((await figures(page, 11)).longest_gap_s < 0.5, JSON.stringify(await figures(page, 11)));
  assert.deepEqual(await jumps(page), []);
});

test('an outage longer than the buffer: the strip says so, and the lesson goes on where it stopped', async (t) => {
  const { mock, page, faults } = await playing(t);
  media.freeze();
  mock.room.upstream = { connected: false, stalled_since: iso(Date.now()) };
  await says(page, '上级线路中断', 12);
  await screenshot(page, 'teacher-low');
  await fits(page);
  await says(page, '缓冲中……已停 3 秒。请打 4001910910，报 510113-02、故障码 U1', 15);
  await says(page, '画面停住了，正在恢复');
  await screenshot(page, 'teacher-stalled');
  await fits(page);
  const before = await page.evaluate(() => document.querySelector('video').currentTime);
  await pause(6500);  // past the end of a blocked playlist reload
  assert.ok(Math.abs(await page.evaluate(() => document.querySelector('video').currentTime) - before) < 0.1);
  media.thaw();
  mock.room.upstream = {};
  await until('the picture moves again', async () => (await figures(page, 1)).fps >= 20, 15);
  assert.deepEqual(await jumps(page), []);
  await until('it plays faster to catch up', async () => page.evaluate(() => document.querySelector('video').playbackRate === 1.05), 10);
  const { truth, told } = await latencyInPicture(page);
  assert.ok(Math.abs(truth - told) <= 1, `the picture is ${truth} s old, the page says ${told}`);
  await screenshot(page, 'teacher-recovered');
  assert.deepEqual(faults, []);
});

test('ending takes two seconds of holding and can be undone for ten', async (t) => {
  const { mock, page } = await playing(t);
  await stopButton(page).click();
  await pause(300);
  assert.ok(mock.lease, 'a short press must not end the lesson');
  await stopButton(page).hover();
  await page.mouse.down();
  await pause(1000);
  await screenshot(page, 'teacher-holding');
  await until('holding ends it', () => mock.lease === null, 3);
  await page.mouse.up();
  await startButton(page).waitFor();
  const undo = page.getByRole('button', { name: /撤销/ });
  await screenshot(page, 'teacher-undo');
  await fits(page);
  await undo.click();
  await stopButton(page).waitFor();
  await says(page, '声音 开', 15);
  await stopButton(page).focus();
  await page.keyboard.down('Space');
  await until('the keyboard ends it too', () => mock.lease === null, 4);
  await page.keyboard.up('Space');
  await until('the undo goes after ten seconds', async () => (await undo.count()) === 0, 12);
});

const closedUntil = (next) => ({ allowed: false, code: 'outside_schedule', detail: '现在不在播放时段。', next });

test('before its time the button says when; a reason opens it and is sent along', async (t) => {
  const next = slot('lesson', '开班式与第一讲', Date.now() + 3600e3, Date.now() + 7200e3);
  const { mock, page } = await classroom(t, (node) => { Object.assign(node.room, { slot: null, next_slot: next, start: closedUntil(next.begin) }); });
  const grey = page.getByRole('button', { name: /开放播放$/ });
  assert.equal(await grey.isDisabled(), true);
  await screenshot(page, 'teacher-closed');
  await fits(page);
  await page.getByRole('button', { name: '时段外播放' }).click();
  await page.getByLabel('时段外播放的原因').fill('补播昨天的课');
  await screenshot(page, 'teacher-reason');
  await fits(page);
  await page.getByRole('button', { name: '说明原因并开始播放' }).click();
  await stopButton(page).waitFor();
  assert.deepEqual(mock.reasons, ['补播昨天的课']);
});

test('a break is blue and says so; a PC elsewhere is told what to do and whom to call', async (t) => {
  const pauseSlot = slot('break', '课间休息', Date.now() - 60e3, Date.now() + 600e3);
  const { mock, page } = await classroom(t, (node) => { Object.assign(node.room, { slot: pauseSlot, start: closedUntil(iso(Date.now() + 600e3)) }); });
  await says(page, '休息');
  await screenshot(page, 'teacher-break');
  mock.room.start = { allowed: false, code: 'not_at_venue', detail: '这台电脑不在本课堂的网络里，不能播放。请用会场的电脑，或请县技术核对网段。' };
  await says(page, '这台电脑不在本课堂的网络里');
  assert.match(await text(page), /客服 4001910910 · 房间号 510113-02 · 故障码 not_at_venue/);
  assert.equal(await page.getByRole('button', { name: '时段外播放' }).count(), 0);
  await screenshot(page, 'teacher-not-at-venue');
  await fits(page);
});

test('a lesson that plays on another PC is moved here only when asked twice', async (t) => {
  const { mock, page } = await classroom(t, (node) => { node.lease = { session: 'another-pc', at: Date.now() }; node.room.slot = lesson(); });
  await says(page, '正在另一台电脑上播放');
  await startButton(page).click();
  await page.getByRole('button', { name: '不改' }).waitFor();
  await screenshot(page, 'teacher-take-over');
  await fits(page);
  await page.getByRole('button', { name: '不改' }).click();
  assert.equal(mock.lease.session, 'another-pc');
  await startButton(page).click();
  await page.getByRole('button', { name: '改到这台电脑播放' }).click();
  await stopButton(page).waitFor();
  assert.notEqual(mock.lease.session, 'another-pc');
});

test('the projection shows the picture only, with the room’s mark', async (t) => {
  const { page } = await playing(t);
  await page.getByRole('button', { name: '投影全屏' }).click();
  await until('the picture fills the screen', () => page.evaluate(() => document.fullscreenElement?.querySelector('video')?.clientHeight === innerHeight), 5);
  assert.equal(await page.locator('.mark').innerText(), '510113-02');
  await screenshot(page, 'projection');
});
