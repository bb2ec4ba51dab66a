import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { changeSetId } from './fake-changes.ts';
import { digest } from './fake-ids.ts';
import type {} from './fake-page.ts';
import type { WorldName } from './fake-worlds.ts';
import { buildPages, openPage, type OpenedPage } from './page-harness.ts';

// The review of changes as it ships, in a real browser: the oracle is what reached the gateway, never what the page says.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const work = mkdtempSync(join(tmpdir(), 'gatehouse-changes-'));
const pages = join(work, 'pages');
const shop = '/home/mira/code/shop';
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

afterEach(() => expect(opened.complaints).toEqual([]));

const card = (world: WorldName): Promise<void> => opened.show({ world, address: 'approval.html', width: 560, height: 720 });
const main = (world: WorldName, address: string): Promise<void> =>
  opened.show({ world, address: `index.html#${address}`, width: 1280, height: 800 });
const decisions = (): Promise<{ name: string; input: unknown }[]> =>
  page.evaluate(() => (window.fake?.log ?? []).filter((call) => /^changes\.(accept|drop|undo)$/.test(call.name)));
const decided = (name: string): Promise<unknown> =>
  page.waitForFunction((wanted) => window.fake?.log.some((call) => call.name === wanted), name);
const armed = (): Promise<unknown> => page.waitForSelector('button[data-armed="true"][aria-disabled="false"]');
const apply = () => page.getByRole('button', { name: /^Apply/ });

test('THREATS 16: Keep out has the focus; Apply does nothing before it is armed, then applies exactly what was shown', async () => {
  await card('change_one');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Keep out');
  const early = await page.evaluate(() => {
    window.dispatchEvent(new Event('focus'));
    return new Promise<string | null>((resolve) => {
      requestAnimationFrame(() => {
        const button = [...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Apply'));
        button?.click();
        button?.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
        resolve(button?.dataset['armed'] ?? null);
      });
    });
  });
  expect(early).toBe('false');
  expect(await decisions()).toEqual([]);
  await armed();
  await apply().click();
  await decided('changes.accept');
  expect(await decisions()).toEqual([
    { name: 'changes.accept', input: { id: changeSetId(1), digest: digest(3001), paths: [`${shop}/.envrc`] } },
  ]);
  await decided('shell.hide_approval');
});

test('Enter keeps it out, with the digest that was shown', async () => {
  await card('change_one');
  await page.keyboard.press('Enter');
  await decided('changes.drop');
  expect(await decisions()).toEqual([
    { name: 'changes.drop', input: { id: changeSetId(1), digest: digest(3001), paths: [`${shop}/.envrc`] } },
  ]);
});

test('THREATS 15: several files are applied only after each was in view; the arrows lead through them', async () => {
  await card('change_several');
  await page.getByText('2 ticked files have not been in view').waitFor();
  await page.waitForTimeout(1000);
  await page.keyboard.press('a');
  await apply().click({ force: true });
  expect(await decisions()).toEqual([]);
  await page.keyboard.press('ArrowDown');
  await page.getByText('1 ticked file has not been in view').waitFor();
  await page.keyboard.press('ArrowDown');
  await armed();
  await page.keyboard.press('a');
  await decided('changes.accept');
  const [decision] = await decisions();
  expect((decision?.input as { paths: string[] }).paths).toHaveLength(3);
});

test('some files are applied, the others go on waiting on the same card and arm anew', async () => {
  await card('change_several');
  await page.getByRole('checkbox', { name: 'Apply package.json' }).waitFor();
  await page.getByRole('checkbox', { name: 'Apply .husky/pre-commit' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('checkbox', { name: 'Apply .husky/_/husky.sh' }).uncheck();
  await page.getByRole('button', { name: /^Apply 1 of 3/ }).waitFor();
  await armed();
  await page.getByRole('button', { name: /^Apply 1 of 3/ }).click();
  await decided('changes.accept');
  expect(await decisions()).toEqual([
    { name: 'changes.accept', input: { id: changeSetId(2), digest: digest(3002), paths: [`${shop}/package.json`] } },
  ]);
  await page.getByRole('button', { name: 'Keep out all 2' }).click();
  await decided('changes.drop');
  await decided('shell.hide_approval');
});

test('what has no text, or more than can be shown, is ticked by hand beside its hash, with what is not shown told to the byte', async () => {
  await card('change_unreadable');
  const long = page.getByRole('checkbox', { name: 'Apply package-lock.json' });
  expect(await long.isChecked()).toBe(false);
  await page.getByText('SHA-256').first().waitFor();
  await page.waitForTimeout(1000);
  await page.keyboard.press('a');
  expect(await decisions()).toEqual([]);
  await page.getByRole('checkbox', { name: 'Apply bin/esbuild' }).check();
  await long.check();
  await page.getByText(/Not shown: the last 812,\d{3} bytes of the 812,344 bytes of the file as it will be\./).waitFor();
  await page.getByRole('region', { name: 'The difference' }).evaluate((region) => region.scrollTo({ top: region.scrollHeight }));
  await armed();
  await page.keyboard.press('a');
  await decided('changes.accept');
  const [decision] = await decisions();
  expect((decision?.input as { paths: string[] }).paths).toEqual([`${shop}/bin/esbuild`, `${shop}/package-lock.json`]);
});

test('a conflict shows the real file against what the agent left', async () => {
  await card('change_conflict');
  await page.getByText('the real file now').waitFor();
  const shown = await page.getByRole('group', { name: 'Difference' }).textContent();
  expect(shown).toContain('Ask Jo for access.');
  expect(shown).not.toContain('`npm start`');
});

test('THREATS 15: hostile names and contents are text: marked, never markup', async () => {
  await card('change_hostile');
  const shown = await page.locator('main').textContent();
  for (const part of ['\\u{202e}txt.hs.daolyap', '\\u{2069}', '<img src=x onerror=alert(1)>', '\\u{1b}', '<b>now</b>']) {
    expect(shown).toContain(part);
  }
  expect(Array.from(shown ?? '').filter((char) => char !== '\n' && /[\p{Cc}\p{Cf}\u2800]/u.test(char))).toEqual([]);
  expect(await page.locator('img, b').count()).toBe(0);
});

test('a long difference is scrolled to its end first', async () => {
  await card('change_long');
  await page.waitForTimeout(1000);
  await page.keyboard.press('a');
  expect(await decisions()).toEqual([]);
  await page.getByRole('region', { name: 'The difference' }).evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
  await armed();
});

test('the page undoes what was applied after saying what that means, and names what it left alone', async () => {
  await main('reviewed', '/changes?set=chg_000kk3q7k3q7k3q7k3q7');
  await page.evaluate((path) => {
    if (window.fake !== undefined)
      window.fake.world.undoRefuses = { [path]: 'The real file changed since; undoing would lose that change.' };
  }, `${shop}/src/app.tsx`);
  await page.getByRole('button', { name: 'Undo 4 files' }).click();
  await page.getByRole('dialog').getByText('new files deleted').waitFor();
  await page.getByRole('button', { name: 'Leave it' }).click();
  expect(await decisions()).toEqual([]);
  await page.getByRole('button', { name: 'Undo 4 files' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Undo', exact: true }).click();
  await page.getByRole('dialog').getByText('3 files are as before.').waitFor();
  await page.getByRole('dialog').getByText('The real file changed since').waitFor();
  expect(await decisions()).toEqual([{ name: 'changes.undo', input: { id: changeSetId(20) } }]);
});

test('held changes are counted in the rail, reachable from Home and from the call', async () => {
  await main('reviewed', '/');
  await page.getByRole('link', { name: 'Changes 2 waiting' }).waitFor();
  await page.getByRole('list', { name: 'Held changes' }).getByRole('link').first().click();
  await page.getByRole('article', { name: 'Held changes of Claude Code' }).waitFor();
  await main('reviewed', '/activity?call=call_0001k3q7k3q7k3q7k3q7');
  await page.getByRole('button', { name: 'Undo 2 files' }).waitFor();
  await page.getByRole('link', { name: 'Review what is held' }).click();
  await page.waitForFunction(() => location.hash === '#/changes?set=chg_0002k3q7k3q7k3q7k3q7');
});
