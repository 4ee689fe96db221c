#!/usr/bin/env node
// DEMO_JSON=build/demo/demo.json node tests/e2e/browser/lesson.mjs [SECONDS]
//
// In front of a running demo: the 班主任 logs in, presses 开始播放, and the picture
// moves with sound. Prints the figures; exit 0 when all hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { pause, until } from '../../support/wait.mjs';
import { logIn, openBrowser, openPc, overflow, screenshot } from './chromium.mjs';
import { figuresOfAMinuteAtMost, jumps, latencyInPicture, watch } from './watch.mjs';

/** Plays `seconds` of one room's lesson in `browser`; the lesson is left playing. */
export async function playLesson(browser, demo, room, seconds) {
  const { page, faults, context } = await openPc(browser);
  await logIn(page, demo.player.http, demo.accounts.teacher[room]);
  const start = page.getByRole('button', { name: '开始播放' });
  await start.waitFor({ timeout: 15_000 });
  await screenshot(page, 'demo-ready');
  const clicked = Date.now();
  await start.click();
  await page.getByRole('button', { name: '按住 2 秒结束' }).waitFor({ timeout: 15_000 });
  await until('the picture moves', () => page.evaluate(() => document.querySelector('video').currentTime > 0 && document.querySelector('video').videoWidth > 0), 20, 10);
  const startup_s = (Date.now() - clicked) / 1000;
  await watch(page);
  await pause(3000);  // the figures are those of steady play
  const latencies = [];
  for (let at = 0; at < seconds; at += 5) {
    await pause(Math.min(5, seconds - at) * 1000);
    latencies.push(await latencyInPicture(page));
  }
  const seen = { startup_s, ...await figuresOfAMinuteAtMost(page, seconds), latencies, jumps: await jumps(page), videos: await page.locator('video').count(), ...await overflow(page), faults };
  await screenshot(page, 'demo-playing');
  return { seen, page, context };
}

export function judge(seen) {
  assert.ok(seen.fps >= 24, `presented ${seen.fps} frames a second`);
  assert.ok(seen.dropped < 0.01, `dropped ${seen.dropped}`);
  assert.ok(seen.sound_dbfs > -40, `sound at ${seen.sound_dbfs} dBFS`);
  for (const { truth, told } of seen.latencies) assert.ok(told !== null && Math.abs(truth - told) <= 1, `the picture is ${truth} s old, the page says ${told}`);
  assert.deepEqual({ videos: seen.videos, sideways: seen.sideways, down: seen.down, jumps: seen.jumps, faults: seen.faults }, { videos: 1, sideways: 0, down: 0, jumps: [], faults: [] });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const demo = JSON.parse(readFileSync(process.env.DEMO_JSON ?? 'build/demo/demo.json', 'utf8'));
  const browser = await openBrowser();
  try {
    const { seen } = await playLesson(browser, demo, demo.rooms[demo.rooms.length - 1].id, Number(process.argv[2] ?? 60));
    console.log(JSON.stringify(seen, null, 2));
    judge(seen);
  } finally {
    await browser.close();
  }
}
