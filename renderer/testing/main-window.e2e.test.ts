import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { approvalId, digest } from './fake-ids.ts';
import type {} from './fake-page.ts';
import type { WorldName } from './fake-worlds.ts';
import { buildPages, openPage, type OpenedPage } from './page-harness.ts';

// The main window as it ships, in a real browser, over the fake gateway.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const work = mkdtempSync(join(tmpdir(), 'gatehouse-main-'));
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

afterEach(() => expect(opened.complaints).toEqual([]));

const show = (world: WorldName, address: string): Promise<void> =>
  opened.show({ world, address: `index.html#${address}`, width: 1280, height: 800 });
const calls = (name: string): Promise<unknown[]> =>
  page.evaluate((wanted) => (window.fake?.log ?? []).filter((call) => call.name === wanted).map((call) => call.input), name);
const hash = (): Promise<string> => page.evaluate(() => location.hash);

test('F49: a card on Home is decided in place with the digest it showed, and only after arming', async () => {
  await show('full', '/');
  const card = page.getByRole('article', { name: 'Request of Claude Code' });
  await card.locator('button[data-armed="true"][aria-disabled="false"]').click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'approvals.approve'));
  expect(await calls('approvals.approve')).toEqual([{ id: approvalId(1), digest: digest(1), reason: '' }]);
  await card.waitFor({ state: 'detached' });
});

test('filters live in the address: back takes them away, and a link brings them back', async () => {
  await show('full', '/activity');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('dialog', { name: 'Add a filter' }).getByRole('button', { name: 'Cursor' }).click();
  await page.waitForFunction(() => location.hash === '#/activity?agent=Cursor');
  await page.getByRole('button', { name: 'Remove filter agent Cursor' }).waitFor();
  await page.goBack();
  await page.waitForFunction(() => location.hash === '#/activity');
  await page.getByRole('button', { name: 'Remove filter agent Cursor' }).waitFor({ state: 'detached' });
});

test('a list is worked by keyboard: j k Enter Escape', async () => {
  await show('full', '/activity');
  await page.getByRole('grid', { name: 'Calls' }).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Inspector' }).waitFor();
  expect(await hash()).toMatch(/^#\/activity\?call=call_/);
  const first = await hash();
  await page.getByRole('grid', { name: 'Calls' }).focus();
  await page.keyboard.press('k');
  await page.waitForFunction((old) => location.hash !== old, first);
  await page.keyboard.press('Escape');
  await page.getByRole('complementary', { name: 'Inspector' }).waitFor({ state: 'detached' });
});

test('a running call shows what it writes, and can be stopped', async () => {
  await show('full', '/activity?outcome=running');
  await page.getByRole('grid', { name: 'Calls' }).getByRole('row').nth(1).click();
  await page.getByRole('group', { name: 'Live output' }).getByText('Progress: resolved').first().waitFor();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'calls.stop'));
});

test('a token is shown once; revoking asks first', async () => {
  await show('full', '/agents');
  await page.getByRole('button', { name: 'Mint a token' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mint a token' });
  await dialog.getByRole('button', { name: 'Mint', exact: true }).click();
  await dialog.getByText('Give the agent a name').waitFor();
  expect(await calls('tokens.mint')).toEqual([]);
  await dialog.getByLabel('Agent', { exact: true }).fill('Scout');
  await dialog.getByLabel('Folders it may work in').fill('/srv/code');
  await dialog.getByRole('button', { name: 'Mint', exact: true }).click();
  await page.getByText('gh_4fX9bq2TzVn7LkW0sJ8mYhR3cPd6EaUo1iGtNvQx5B').waitFor();
  expect(await calls('tokens.mint')).toEqual([
    { agent: 'Scout', scopes: ['file:read', 'file:write', 'bash:exec'], ttl: '30d', workspaces: ['/srv/code'], targets: [] },
  ]);
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.getByText('gh_4fX9bq').count()).toBe(0);

  await page.getByRole('button', { name: 'Revoke the token of Codex' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(await calls('tokens.revoke')).toEqual([]);
  await page.getByRole('button', { name: 'Revoke the token of Codex' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'tokens.revoke'));
});

test('connecting applies the plan that was shown, and can be undone', async () => {
  await show('full', '/agents?connect=opencode');
  await page.getByText('"webfetch": false').waitFor();
  await page.getByRole('switch', { name: 'Turn off its own shell, edit and fetch tools' }).click();
  await page.getByText('"webfetch": false').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Mint the token and apply' }).click();
  await page.getByRole('heading', { name: 'Done' }).waitFor();
  const [input] = (await calls('clients.connect')) as { plan: { disables_own_tools: boolean } }[];
  expect(input?.plan.disables_own_tools).toBe(false);
  await page.getByRole('button', { name: 'Undo the change' }).click();
  await page.getByText('Restored:').waitFor();
});

test('Try it ends in a link to its rows', async () => {
  await show('empty', '/');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Hello from the sandbox.').waitFor();
  await page.getByRole('link', { name: 'Its rows in the audit log' }).click();
  await page.waitForFunction(() => location.hash.startsWith('#/audit?call=call_'));
});

test('the chain is verified on request, and the result is stated', async () => {
  await show('full', '/audit');
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText('Complete and unchanged: 1,240 rows').waitFor();
});

test('a closed gateway says so on every page', async () => {
  for (const address of ['/', '/audit', '/settings']) {
    await show('wrong', address);
    await page.getByRole('alert').getByText('The gateway is closed.').waitFor();
  }
});

test('settings: what is out of limits is not sent; the command line decides only by leave', async () => {
  await show('full', '/settings');
  const field = page.getByLabel('Timeout, seconds', { exact: true });
  await field.fill('400');
  await page.getByText('Use a whole number.').waitFor();
  await field.press('Enter');
  expect(await calls('config.set')).toEqual([]);
  await field.fill('60');
  await field.press('Enter');
  await page.getByText('Saved.').waitFor();
  expect(await calls('config.set')).toEqual([{ key: 'approvals.timeout_s', value: 60 }]);
  await page.getByRole('switch', { name: 'Allow the command line to decide until quit' }).click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'socket.allow'));
  expect(await calls('socket.allow')).toEqual([{ allow: true }]);
});

test('the palette goes anywhere', async () => {
  await show('quiet', '/');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or act' }).waitFor();
  await page.keyboard.type('policy');
  await page.getByRole('option', { name: 'Policy', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash === '#/policy');
  await page.getByRole('heading', { name: 'Policy' }).waitFor();
});
