// Debian's Chromium as a classroom has it: 1366×768, autoplay policy untouched.
// What a page must never do is collected: script errors, refused resources,
// requests to elsewhere.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from '../../support/process.mjs';

const kArguments = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const kScreens = join(root, 'build/screens');

export async function openBrowser(test) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: false, args: kArguments });
  test?.after(() => browser.close());
  return browser;
}

/** A PC of its own (cookies apart) with one page; `faults` must stay empty. */
export async function openPc(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN', ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script error: ${error.message}`));
  page.on('console', (message) => { if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text()); });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') faults.push(`request to ${request.url()}`);
  });
  return { context, page, faults };
}

export async function logIn(page, site, { account, password }) {
  await page.goto(site);
  await page.getByLabel('账号').fill(account);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录' }).click();
}

export async function screenshot(page, name) {
  mkdirSync(kScreens, { recursive: true });
  await page.screenshot({ path: join(kScreens, `${name}.png`) });
}

/** Nothing is cut: the page does not scroll sideways, and (unless told) not down either. */
export async function overflow(page) {
  return page.evaluate(() => {
    const html = document.documentElement;
    return { sideways: html.scrollWidth - html.clientWidth, down: html.scrollHeight - html.clientHeight };
  });
}
