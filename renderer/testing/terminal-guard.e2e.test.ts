import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from './guard-page.ts';
import { hostile } from './hostile-sequences.ts';

// Positive controls for the corpus: in the same terminal, as open as it can be made and without the guard, each sequence reaches what would obey it.
const entry = fileURLToPath(new URL('./guard-page.ts', import.meta.url));
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (browserPath === undefined) throw new Error('There is no Chromium. Install it with: apt-get install chromium');
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'guardPage' } },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const chunk = outputs.flatMap((one) => ('output' in one ? one.output : [])).find((part) => part.type === 'chunk');
  if (chunk === undefined) throw new Error('The page with the terminal was not built.');
  browser = await chromium.launch({ executablePath: browserPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  page = await browser.newPage();
  await page.addScriptTag({ content: chunk.code });
});
afterAll(async () => browser.close());

/** What each comes to, in a new terminal: without the guard, and with it. */
const tryAll = async (texts: readonly string[]): Promise<readonly { text: string; open: Outcome; guarded: Outcome }[]> =>
  page.evaluate(async (given) => {
    const results: { text: string; open: Outcome; guarded: Outcome }[] = [];
    for (const text of given) {
      if (window.tryTerminal === undefined) throw new Error('There is no terminal in the page.');
      results.push({ text, open: await window.tryTerminal(text, false), guarded: await window.tryTerminal(text, true) });
    }
    return results;
  }, texts);

const E = '\u001B';
const nothing = { replies: '', title: null, mouse: 'none', reportsFocus: false };
/** Of the corpus, what this terminal obeys in no setting: for it, the pages are the control. */
const inert: readonly string[] = [
  '\u0005',
  '\u0007'.repeat(200),
  `${E}[>1u`,
  `${E}P=1s${E}\\`,
  ...['0t', '12t', '17t'].map((tail) => `${E}[${tail}`),
];
/** The parts of one sequence that comes in chunks, and what is no sequence at all. */
const parts: readonly string[] = [
  `${E}]52;c;`,
  'c3RvbGVu\u0007',
  E,
  '[6n',
  '<a href="https://evil.test">a</a><img src=x onerror=alert(1)>',
];

test('each sequence of the corpus reaches what would obey it, and with the guard nothing does', { timeout: 120_000 }, async () => {
  const whole = [...new Set(hostile)].filter((text) => !inert.includes(text) && !parts.includes(text));
  expect(whole.length).toBeGreaterThan(100);
  // The parts, put together.
  for (const { text, open, guarded } of await tryAll([...whole, `${E}]52;c;c3RvbGVu\u0007`, `${E}[6n`])) {
    expect(open.reached, JSON.stringify(text)).not.toEqual([]);
    expect(guarded, JSON.stringify(text)).toEqual({ ...nothing, reached: [] });
  }
});

test.each<[string, string, Partial<Outcome>]>([
  ['renames the window', `${E}]0;stolen title\u0007`, { title: 'stolen title' }],
  ['renames the window by its other code', `${E}]2;stolen title${E}\\`, { title: 'stolen title' }],
  ['types what colour it has', `${E}]4;1;?\u0007`, { replies: `${E}]4;1;rgb:cccc/0000/0000${E}\\` }],
  ['types what ground it has', `${E}]11;?\u0007`, { replies: `${E}]11;rgb:0000/0000/0000${E}\\` }],
  ['types what it is', `${E}[c`, { replies: `${E}[?1;2c` }],
  ['types what it is, asked in eight bits', '\u009Bc', { replies: `${E}[?1;2c` }],
  ['types that it is well', `${E}[5n`, { replies: `${E}[0n` }],
  ['types where the cursor is', `${E}[6n`, { replies: `${E}[1;1R` }],
  ['types what mode it is in', `${E}[?2026$p`, { replies: `${E}[?2026;2$y` }],
  ['types how large it is', `${E}[18t`, { replies: `${E}[8;24;80t` }],
  ['types how its text looks', `${E}P$qm${E}\\`, { replies: `${E}P1$r0m${E}\\` }],
  ['types where the mouse is', `${E}[?25;1003;1006h`, { mouse: 'any' }],
  ['types when it is looked at', `${E}[?1004h`, { reportsFocus: true }],
])('without the guard a terminal %s', async (_does, text, effect) => {
  expect(hostile.includes(text) || text === `${E}[6n`, 'a sequence of the corpus').toBe(true);
  const [result] = await tryAll([text]);
  expect(result?.open).toMatchObject(effect);
  expect(result?.guarded).toEqual({ ...nothing, reached: [] });
});

test('what no setting makes this terminal obey does nothing either way', async () => {
  for (const { text, open, guarded } of await tryAll([...inert, ...parts])) {
    expect(open, JSON.stringify(text)).toMatchObject(nothing);
    expect(guarded, JSON.stringify(text)).toMatchObject(nothing);
  }
});
