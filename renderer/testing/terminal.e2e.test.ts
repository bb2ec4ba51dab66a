import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callId } from './fake-ids.ts';
import type {} from './fake-page.ts';
import { hostile } from './hostile-sequences.ts';
import { buildPages, openPage, origin, type OpenedPage } from './page-harness.ts';

// The terminal as it ships, in a real browser under the policy that ships, over a gateway whose programs are hostile.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const work = mkdtempSync(join(tmpdir(), 'gatehouse-terminal-'));
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
  page.setDefaultTimeout(8000);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
});

afterAll(async () => {
  await browser.close();
  rmSync(work, { recursive: true, force: true });
});

const running = callId(901);
const open = async (address = `/activity?call=${running}`): Promise<void> =>
  await opened.show({ world: 'terminal', address: `index.html#${address}`, width: 1280, height: 800 });
const calls = (name: string): Promise<{ readonly text?: string }[]> =>
  page.evaluate((wanted) => (window.fake?.log ?? []).filter((call) => call.name === wanted).map((call) => call.input as object), name);
const typed = async (): Promise<string> => (await calls('calls.input')).map(({ text }) => text ?? '').join('');
const print = (text: string): Promise<void> => page.evaluate((given) => window.fake?.print(given), text);
const screen = (): Promise<string> => page.locator('.xterm-rows').first().innerText();
const shows = async (text: string): Promise<void> => {
  await expect.poll(screen, { timeout: 5000 }).toContain(text);
};
const typeInto = (): Promise<void> => page.getByRole('switch', { name: 'Type into it' }).click();

const E = '\u001B';

afterEach(() => expect(opened.complaints).toEqual([]));

describe('hostile output', () => {
  beforeEach(async () => {
    await open();
    await page.evaluate(() => navigator.clipboard.writeText('clipboard canary'));
    await shows('create-vite');
  });

  const untouched = async (): Promise<void> => {
    expect(await page.title()).toBe('Gatehouse');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('clipboard canary');
    expect(await page.locator('.terminal-host').locator('a, img, script, iframe').count()).toBe(0);
    expect(page.context().pages()).toHaveLength(1);
  };

  test('a program that is watched can print anything and nothing comes of it', async () => {
    for (const sequence of hostile) await print(sequence);
    await print(`${E}c\r\nend of the corpus`);
    await shows('end of the corpus');
    await page.locator('.terminal-host').click({ position: { x: 60, y: 40 } });
    await page.mouse.move(10, 10);
    await untouched();
    expect(await calls('calls.input')).toEqual([]);
  });

  test('while the operator types, only what was typed is sent', async () => {
    await typeInto();
    const alphabet = 'a b c d e f g h i j k l m n o p q r s t u v w x y z'.split(' ');
    let expected = '';
    for (const [index, sequence] of hostile.entries()) {
      const key = alphabet[index % alphabet.length] ?? 'a';
      // In one turn of the page where it can be: the question is parsed while the key is handled.
      await Promise.all([print(sequence), page.keyboard.press(key)]);
      expected += key;
    }
    await page.mouse.move(900, 300);
    await page.locator('.terminal-host').hover();
    await page.mouse.wheel(0, 300);
    await print('\r\nend of the corpus');
    await shows('end of the corpus');
    await expect.poll(typed).toBe(expected);
    await untouched();
  });

  test('a sequence that asks for endless work does not hold the page', async () => {
    const most = 2_147_483_647;
    for (const tail of ['S', 'T', 'L', 'M', 'b', 'I', 'Z', '@', 'P', 'X', ' @', ' A', "'}", "'~"]) await print(`x${E}[${most}${tail}`);
    await print('\r\nstill here');
    await shows('still here');
  });

  test('what could not be seen is written out', async () => {
    await print('\r\nabc\u202Edcba\u202C z\u200Bz');
    await shows('\\u{202e}dcba\\u{202c} z\\u{200b}z');
    await print(`\r\n${E}[30;40mblack on black${E}[0m`);
    await shows('black on black');
    const row = page.locator('.xterm-rows > div', { hasText: /black.on.black/ });
    const [text, ground] = await row
      .locator('span', { hasText: 'black' })
      .first()
      .evaluate((span) => {
        const { color, backgroundColor } = getComputedStyle(span);
        return [color, backgroundColor];
      });
    expect(text).not.toBe(ground);
  });
});

describe('typing', () => {
  beforeEach(async () => {
    await open();
    await shows('create-vite');
  });

  test('watching never types: keys, pastes and the program’s size', async () => {
    await page.locator('.terminal-host').click();
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    await page.evaluate(() => navigator.clipboard.writeText('pasted'));
    await page.keyboard.press('Control+v');
    await page.keyboard.press('Tab');
    expect(await calls('calls.input')).toEqual([]);
    expect(await calls('calls.resize')).toMatchObject([{ id: running }]);
    expect(await page.evaluate(() => document.activeElement?.classList.contains('xterm-helper-textarea'))).toBe(false);
  });

  test('keys go to the program, in their order, until Ctrl+Shift+Escape', async () => {
    await typeInto();
    await page.getByText('Your keys and pastes go to the program.').waitFor();
    await page.keyboard.type('yes, really');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+c');
    await expect.poll(typed).toBe(`yes, really\r${E}[A${E}\u0003`);
    // Escape and Control+K were the program's: the inspector is still there.
    await page.keyboard.press('Control+k');
    await page.getByRole('complementary', { name: 'Inspector' }).waitFor();
    await page.keyboard.press('Control+Shift+Escape');
    await page.getByText('You only watch').waitFor();
    const before = await typed();
    await page.keyboard.type('not this');
    expect(await typed()).toBe(before);
  });

  test('one line is pasted at once; several are shown first, without controls', async () => {
    await typeInto();
    await page.evaluate(() => navigator.clipboard.writeText('one line'));
    await page.keyboard.press('Control+v');
    await expect.poll(typed).toBe('one line');
    await page.evaluate(() => navigator.clipboard.writeText('rm -rf ~\n\u001B[201~echo \u202Edone\n'));
    await page.keyboard.press('Control+v');
    const dialog = page.getByRole('dialog', { name: 'Paste 3 lines?' });
    await dialog.getByText('\\u{202e}').waitFor();
    expect(await typed()).toBe('one line');
    await dialog.getByRole('button', { name: 'Do not paste' }).click();
    expect(await typed()).toBe('one line');
    await print(`${E}[?2004h`);
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press('Control+v');
    await page.getByRole('button', { name: 'Paste it' }).click();
    await expect.poll(typed).toBe(`one line${E}[200~rm -rf ~\r[201~echo \u202Edone\r${E}[201~`);
  });

  test('a refusal is told', async () => {
    await page.evaluate(() => {
      if (window.fake !== undefined)
        window.fake.world.failures = { 'calls.input': { code: 'not_found', message: 'No program of this call runs any more.' } };
    });
    await typeInto();
    await page.keyboard.press('x');
    await page.getByText('No program of this call runs any more.').waitFor();
  });
});

test('F74: a recording is replayed: its end, its middle, its speed', async () => {
  await open(`/activity?call=${callId(1)}&replay=1`);
  await shows('React');
  const position = page.getByRole('slider', { name: 'Position' });
  await position.fill('0.5');
  await expect.poll(screen).not.toContain('React');
  await shows('create-vite');
  await page.getByRole('button', { name: 'Speed 5×' }).click();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await shows('React');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Show the text' }).click();
  await page.getByText('totals.test.ts').first().waitFor();
});

test('F74: the row in the log tells whether its recording is still the one that was logged', async () => {
  await open('/audit?event=1240');
  await page.getByText('The recording matches').waitFor();
  await page.getByRole('link', { name: 'Watch what it printed' }).click();
  await page.waitForFunction(() => location.hash.includes('replay=1'));
  await open('/audit?event=1230');
  await page.getByText('The recording on disk is not the one that was logged').waitFor();
});

test('background jobs are listed and stopped', async () => {
  await open('/');
  const jobs = page.getByRole('list', { name: 'Jobs' });
  await jobs.getByText('npm run dev -- --port 5173').waitFor();
  expect(await jobs.getByRole('listitem').count()).toBe(2);
  await jobs.getByRole('button', { name: 'Stop the job of Codex' }).click();
  await page.waitForFunction(() => window.fake?.log.some((call) => call.name === 'jobs.stop'));
  await open('/activity');
  await page.getByRole('button', { name: '4 background jobs' }).click();
  await page.getByText('exit code 1').waitFor();
});
