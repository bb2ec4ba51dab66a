import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeViolations } from './axe-violations.ts';
import { approvalId, digest } from './fake-ids.ts';
import type {} from './fake-page.ts';
import type { WorldName } from './fake-worlds.ts';
import { buildPages, openPage, type OpenedPage } from './page-harness.ts';

// Decisions that count for longer, in the pages as they ship: the oracle is what reached the gateway, never what the page says.
// GATEHOUSE_SCREENSHOTS=DIR keeps the pictures.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const keep = process.env['GATEHOUSE_SCREENSHOTS'];
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const work = mkdtempSync(join(tmpdir(), 'gatehouse-ladder-'));
const pages = join(work, 'pages');
let browser: Browser;
let fake: string;

beforeAll(async () => {
  if (browserPath === undefined) throw new Error('There is no Chromium. Install it with: apt-get install chromium');
  fake = await buildPages(root, pages);
  browser = await chromium.launch({ executablePath: browserPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  if (keep !== undefined) mkdirSync(keep, { recursive: true });
});

afterAll(async () => {
  await browser.close();
  rmSync(work, { recursive: true, force: true });
});

describe.each(['light', 'dark'] as const)('F51, %s', (theme) => {
  let opened: OpenedPage;
  let page: Page;
  beforeAll(async () => {
    opened = await openPage(browser, { pages, fake, theme });
    page = opened.page;
  });
  afterAll(async () => opened.close());

  const show = (world: WorldName): Promise<void> => opened.show({ world, address: 'approval.html', width: 560, height: 720 });
  const decisions = (): Promise<{ name: string; input: unknown }[]> =>
    page.evaluate(() => (window.fake?.log ?? []).filter((call) => /^(approvals\.(approve|deny|pregrant)|grants\.revoke)$/.test(call.name)));
  const decided = (name: string): Promise<unknown> =>
    page.waitForFunction((wanted) => window.fake?.log.some((call) => call.name === wanted), name);
  const ladder = () => page.getByRole('region', { name: / for longer$/ });
  const armed = (): Promise<unknown> => ladder().locator('button[data-armed="true"][aria-disabled="false"]').waitFor();
  const picture = async (name: string): Promise<void> => {
    if (keep !== undefined) await page.screenshot({ path: join(keep, `${name}-${theme}.png`) });
  };
  const open = async (): Promise<void> => {
    await page.getByRole('button', { name: /^Allow for…/ }).waitFor();
    await page.keyboard.press('f');
    await ladder().getByRole('radio', { name: '15 min' }).waitFor();
  };

  test('the ladder opens by its key, is worked by keys alone, and gives what it showed', async () => {
    await show('card_publish');
    await open();
    await ladder().getByText('Let Claude Code run exactly this command').waitFor();
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).type)).toBe('radio');
    await page.keyboard.press('ArrowRight');
    expect(await ladder().getByRole('radio', { name: '1 h', exact: true }).isChecked()).toBe(true);
    // The letters of the card are no commands while the ladder has the keyboard.
    for (const key of ['a', 'd', 'l']) await page.keyboard.press(key);
    expect(await decisions()).toEqual([]);
    await armed();
    await picture('ladder');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await decided('approvals.approve');
    const input = { id: approvalId(1), digest: digest(1), reason: '', duration: '1h', breadth: 'exact', hash: digest(301) };
    expect(await decisions()).toEqual([{ name: 'approvals.approve', input }]);
    expect(opened.complaints).toEqual([]);
  });

  test('the breadth is chosen beside the rule in words, and a choice arms anew', async () => {
    await show('card_publish');
    await open();
    await armed();
    const states = await page.evaluate(async () => {
      const find = (): HTMLElement | undefined => [...document.querySelectorAll<HTMLElement>('section button[data-armed]')].at(-1);
      const radio = [...document.querySelectorAll<HTMLElement>('label')].find((one) => one.textContent === 'Calls like it');
      radio?.click();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const state = find()?.dataset['armed'];
      find()?.click();
      return state;
    });
    expect(states).toBe('false');
    expect(await decisions()).toEqual([]);
    await ladder().getByText('Let Claude Code run npm publish').waitFor();
    await armed();
    await ladder().getByRole('button', { name: 'Allow for 15 min' }).click();
    await decided('approvals.approve');
    expect((await decisions())[0]?.input).toMatchObject({ duration: '15m', breadth: 'similar', hash: digest(302) });
  });

  test('always shows what the policy would gain, and is pressed twice', async () => {
    await show('card_publish');
    await open();
    await ladder().getByRole('radio', { name: 'Always' }).check();
    await ladder().getByRole('region', { name: 'What policy.yaml would gain' }).getByText('+  - id: allow-bash-4c1f09ab').waitFor();
    await armed();
    await ladder().getByRole('button', { name: 'Allow always…' }).click();
    await ladder().getByText('Press again').waitFor();
    expect(await decisions()).toEqual([]);
    await armed();
    await picture('ladder-always');
    expect(await axeViolations(page)).toEqual([]);
    await ladder().getByRole('button', { name: 'Write the rule and allow' }).click();
    await decided('approvals.approve');
    expect((await decisions())[0]?.input).toMatchObject({ duration: 'always', breadth: 'exact', hash: digest(301) });
  });

  test('where nothing tells of a locked screen, until quit is 1 h, and the window says so and why', async () => {
    await show('card_no_lock');
    await open();
    await ladder().getByText('Until quit is 1 h here: no session bus answers').waitFor();
    await ladder().getByRole('radio', { name: 'Until quit' }).check();
    await ladder().getByRole('button', { name: 'Allow for 1 h' }).waitFor();
    await picture('ladder-no-lock');
  });

  test('critical risk is allowed once or not at all; a no can count for longer', async () => {
    await show('card_critical');
    await page.getByRole('button', { name: /^Allow once/ }).waitFor();
    expect(await page.getByRole('button', { name: /^Allow for/ }).count()).toBe(0);
    await page.keyboard.press('f');
    expect(await ladder().count()).toBe(0);
    await page.getByRole('button', { name: 'Deny with…' }).click();
    await page.getByRole('button', { name: 'Deny for…' }).click();
    await ladder().getByText('Refuse Claude Code').waitFor();
    await armed();
    await picture('ladder-deny');
    expect(await axeViolations(page)).toEqual([]);
    await ladder().getByRole('button', { name: 'Deny for 15 min' }).click();
    await decided('approvals.deny');
    expect((await decisions())[0]?.input).toMatchObject({ reason: 'Denied by the operator', duration: '15m', breadth: 'exact' });
  });

  test('what is in force is listed with its end and its uses, and can be ended', async () => {
    await opened.show({ world: 'full', address: 'index.html#/', width: 1440, height: 1400 });
    const list = page.getByRole('list', { name: 'Decisions in force' });
    await list.getByText('ends in 9 min').waitFor();
    expect(await list.getByRole('listitem').count()).toBe(3);
    await list.scrollIntoViewIfNeeded();
    await picture('grants');
    await list.getByRole('button', { name: 'End: Let Codex run git commit' }).click();
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Decisions in force"] li').length === 2);
    expect(await decisions()).toHaveLength(1);
    await page.evaluate(() => {
      if (window.fake === undefined) return;
      window.fake.world.grants = [];
      window.fake.push('grants');
    });
    await list.waitFor({ state: 'detached' });
  });
});
