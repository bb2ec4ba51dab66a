import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { approvalId, digest } from './fake-ids.ts';
import type {} from './fake-page.ts';
import type { WorldName } from './fake-worlds.ts';
import { buildPages, openPage, type OpenedPage } from './page-harness.ts';

// The approval window as it ships, in a real browser: the oracle is what reached the gateway, never what the page says.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const work = mkdtempSync(join(tmpdir(), 'gatehouse-window-'));
const pages = join(work, 'pages');
let browser: Browser;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  if (browserPath === undefined) throw new Error('There is no Chromium. Install it with: apt-get install chromium');
  const fake = await buildPages(root, pages);
  browser = await chromium.launch({ executablePath: browserPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  opened = await openPage(browser, { pages, fake, theme: 'light' });
  page = opened.page;
});

afterAll(async () => {
  await browser.close();
  rmSync(work, { recursive: true, force: true });
});

beforeEach(() => {
  opened.complaints.length = 0;
});

const show = (world: WorldName): Promise<void> => opened.show({ world, address: 'approval.html', width: 560, height: 720 });
const decisions = (): Promise<{ name: string; input: unknown }[]> =>
  page.evaluate(() => (window.fake?.log ?? []).filter((call) => /^approvals\.(approve|deny|pregrant)$/.test(call.name)));
const allow = () => page.getByRole('button', { name: /^Allow (once|its)/ });
const deny = () => page.getByRole('button', { name: /^Deny( D)?$/ });
const isArmed = (): Promise<boolean> => allow().evaluate((button) => button.getAttribute('aria-disabled') === 'false');
const armed = (): Promise<unknown> => page.waitForSelector('button[data-armed="true"][aria-disabled="false"]');
const unarmed = (): Promise<unknown> => page.waitForSelector('button[data-armed="false"]');

test('F49: Allow does nothing before it is armed, by click, Enter, Space or key; then each works once', async () => {
  await show('card_publish');
  // The time is the page's own, so that a slow machine cannot arm it in between.
  const early = await page.evaluate(() => {
    window.dispatchEvent(new Event('focus'));
    return new Promise<string | null>((resolve) => {
      requestAnimationFrame(() => {
        const button = [...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Allow'));
        button?.click();
        button?.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
        button?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        resolve(button?.dataset['armed'] ?? null);
      });
    });
  });
  expect(early).toBe('false');
  expect(await decisions()).toEqual([]);
  await armed();
  await page.keyboard.press('a');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.approve'));
  expect(await decisions()).toEqual([{ name: 'approvals.approve', input: { id: approvalId(1), digest: digest(1), reason: '' } }]);
});

test('it stays unarmed for 700 ms and arms soon after', async () => {
  await show('card_publish');
  const waited = await page.evaluate(async () => {
    window.dispatchEvent(new Event('focus'));
    const start = performance.now();
    const state = (): string | undefined => document.querySelector<HTMLElement>('button[data-armed]')?.dataset['armed'];
    while (state() === 'true') await new Promise((resolve) => requestAnimationFrame(resolve));
    while (state() === 'false') await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - start;
  });
  expect(waited).toBeGreaterThanOrEqual(690);
});

test('Deny has the focus, and Enter denies with the digest that was shown and the stated reason', async () => {
  await show('card_publish');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Deny');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.deny'));
  expect(await decisions()).toEqual([
    { name: 'approvals.deny', input: { id: approvalId(1), digest: digest(1), reason: 'Denied by the operator' } },
  ]);
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'shell.hide_approval'));
});

test('a reason can be given; the letters typed into it are not commands', async () => {
  await show('card_publish');
  await page.getByRole('button', { name: 'Deny with…' }).click();
  await page.keyboard.type('a daft idea, later');
  expect(await decisions()).toEqual([]);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.deny'));
  expect(await decisions()).toEqual([
    { name: 'approvals.deny', input: { id: approvalId(1), digest: digest(1), reason: 'a daft idea, later' } },
  ]);
});

test('a key that was held before the window came up decides nothing', async () => {
  await show('card_publish');
  await armed();
  await page.evaluate(() => {
    for (const key of ['a', 'd', 'Enter', ' '])
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, repeat: true, bubbles: true, cancelable: true }));
  });
  expect(await decisions()).toEqual([]);
});

test('a request that arrives goes underneath: the shown card and its buttons stay where they are', async () => {
  await show('card_publish');
  await armed();
  const before = await allow().boundingBox();
  await page.evaluate(() => {
    const { fake } = window;
    if (fake === undefined) return;
    fake.world.approvals = [{ ...fake.simple(20), agent: 'Newcomer' }, ...fake.world.approvals];
    fake.push('approvals');
  });
  await page.getByText('1 of 2').waitFor();
  await page.getByRole('region', { name: 'Also waiting' }).getByText('Newcomer').waitFor();
  expect(await page.locator('h1').textContent()).toContain('Claude Code');
  expect(await allow().boundingBox()).toEqual(before);
  await page.keyboard.press('d');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Newcomer'));
  expect(await decisions()).toEqual([
    { name: 'approvals.deny', input: { id: approvalId(1), digest: digest(1), reason: 'Denied by the operator' } },
  ]);
});

test('the card after a decision comes up unarmed', async () => {
  await show('card_queue');
  await armed();
  const states = await page.evaluate(async () => {
    const seen: string[] = [];
    const title = document.querySelector('h1');
    const first = document.querySelector('pre')?.textContent;
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }));
    while (document.querySelector('pre')?.textContent === first) await new Promise((resolve) => requestAnimationFrame(resolve));
    seen.push(document.querySelector<HTMLElement>('button[data-armed]')?.dataset['armed'] ?? 'none');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }));
    return { seen, had: title !== null };
  });
  expect(states).toEqual({ seen: ['false'], had: true });
  expect(await decisions()).toHaveLength(1);
});

test('arrows go through the queue, and moving disarms', async () => {
  await show('card_queue');
  await armed();
  await page.keyboard.press('ArrowRight');
  await unarmed();
  await page.getByText('2 of 4').waitFor();
  expect(await decisions()).toEqual([]);
  await page.keyboard.press('ArrowLeft');
  await page.getByText('1 of 4').waitFor();
});

test('THREATS 15: hostile text is text: marked, in order, never markup', async () => {
  await show('card_hostile');
  const shown = await page.locator('pre').first().textContent();
  for (const part of [
    '\\u{202e}',
    '\\u{200b}',
    '\\u{1b}',
    '\\u{5c}u{202e}',
    '\\u{20}×10000',
    '\\u{2800}\\u{a0}',
    '<img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
  ]) {
    expect(shown).toContain(part);
  }
  // eslint's view of control characters is ours too: none may be left.
  expect(Array.from(shown ?? '').filter((char) => char !== '\n' && /[\p{Cc}\p{Cf}\u2800]/u.test(char))).toEqual([]);
  expect(await page.locator('img, a, b, script:not([type=module])').count()).toBe(0);
  await page.getByText('Letters of two alphabets in one word').waitFor();
  expect(opened.complaints).toEqual([]);
});

test('THREATS 16: a long call cannot be allowed before its end was in view; the buttons stay', async () => {
  await show('card_long');
  await page.waitForTimeout(1200);
  expect(await isArmed()).toBe(false);
  await page.keyboard.press('a');
  await allow().click({ force: true });
  expect(await decisions()).toEqual([]);
  const box = await allow().boundingBox();
  expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThanOrEqual(720);
  await page.getByRole('region', { name: 'The exact call' }).evaluate((region) => region.scrollTo({ top: region.scrollHeight }));
  await armed();
  await page.keyboard.press('a');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.approve'));
});

test('a text too long to show can be allowed, with what is not shown told to the byte, and the mode that it gets', async () => {
  await show('card_truncated');
  await page.getByText('Not shown: the last 811,972 bytes of the 812,344 bytes of the file as it will be.').waitFor();
  await page.getByText('Mode 0755: it can be started as a program').waitFor();
  await page.getByRole('region', { name: 'The exact call' }).evaluate((region) => region.scrollTo({ top: region.scrollHeight }));
  await armed();
  await page.keyboard.press('a');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.approve'));
});

test('what cannot be shown cannot be allowed', async () => {
  await show('card_binary');
  await page.getByRole('region', { name: 'The exact call' }).evaluate((region) => region.scrollTo({ top: region.scrollHeight }));
  await page.waitForTimeout(1200);
  await page.keyboard.press('a');
  await allow().click({ force: true });
  expect(await decisions()).toEqual([]);
  await page.getByText('cannot be shown, so it cannot be allowed').waitFor();
});

test('a request that expires while it is shown stays, and can be allowed for its next try', async () => {
  await show('card_expired');
  await page.getByText('Denied: nobody answered in 4 min 30 s.').waitFor();
  await armed();
  await page.getByRole('button', { name: 'Allow its next try' }).click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.pregrant'));
  expect(await decisions()).toEqual([{ name: 'approvals.pregrant', input: { id: approvalId(8), digest: digest(8) } }]);
});

test('a decision that lost the race says so on the card', async () => {
  await show('card_conflict');
  await armed();
  await allow().click();
  await page.getByRole('alert').getByText('denied on the command line').waitFor();
  expect(await deny().isVisible()).toBe(true);
});

test('an agent that has left is named, and the window is as tall as its content', async () => {
  await show('card_left');
  await page.getByText('The agent has closed its connection; it will not receive the result.').waitFor();
  const asked = await page.evaluate(
    () => window.fake?.log.findLast((call) => call.name === 'shell.resize_approval')?.input as { height: number },
  );
  const height = await page.locator('main').evaluate((main) => main.getBoundingClientRect().height);
  expect(Math.abs(asked.height - height)).toBeLessThanOrEqual(1);
});

test('Later hides the window and decides nothing', async () => {
  await show('card_publish');
  await page.keyboard.press('l');
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'shell.hide_approval'));
  expect(await decisions()).toEqual([]);
});

test('a card that was decided elsewhere makes room after some seconds, but never under the pointer', async () => {
  await show('card_queue');
  await armed();
  await page.mouse.move(300, 200);
  await page.evaluate(() => {
    const fake = window.fake;
    const shown = fake?.world.approvals[0];
    if (fake === undefined || shown === undefined) return;
    const at = new Date().toISOString();
    const decision = { result: 'denied' as const, by: 'operator', channel: 'command-line' as const, at, reason: 'Elsewhere.' };
    fake.world.approvals = fake.world.approvals.map((one) => (one.id === shown.id ? { ...one, state: 'denied' as const, decision } : one));
    fake.push('approvals');
  });
  await page.getByText('Elsewhere.').waitFor();
  await page.waitForTimeout(5000);
  expect(await page.getByText('Elsewhere.').count()).toBe(1);
  await page.mouse.move(-50, -50);
  await page.getByText('Elsewhere.').waitFor({ state: 'detached', timeout: 15_000 });
  await unarmed();
  await page.getByText('1 of 3').waitFor();
  expect(await decisions()).toEqual([]);
});
