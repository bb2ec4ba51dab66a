import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeViolations } from './axe-violations.ts';
import type {} from './fake-page.ts';
import { buildPages, openPage, type OpenedPage } from './page-harness.ts';
import { cardSituations, mainSituations } from './situations.ts';

// Every page in every situation, under the policy that ships: nothing is refused, nothing overflows, axe finds nothing.
// GATEHOUSE_SCREENSHOTS=DIR keeps the pictures, in both sizes; GATEHOUSE_SITUATION=PATTERN takes some.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const keep = process.env['GATEHOUSE_SCREENSHOTS'];
const only = new RegExp(process.env['GATEHOUSE_SITUATION'] ?? '');
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

let browser: Browser;
let fake: string;
const work = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'));
const pages = join(work, 'pages');

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

/** Fits the approval window to its content, as the desktop does, and takes its picture armed. */
async function takePicture(page: Page, name: string, isCard: boolean): Promise<void> {
  if (keep === undefined) return;
  await page.waitForTimeout(isCard ? 300 : 150);
  const asked = await page.evaluate(() => window.fake?.log.findLast((call) => call.name === 'shell.resize_approval')?.input);
  if (isCard && asked !== undefined) await page.setViewportSize({ width: 560, height: (asked as { height: number }).height });
  if (isCard || name.startsWith('home')) await page.waitForTimeout(900);
  await page.screenshot({ path: join(keep, `${name}.png`) });
}

const large = mainSituations.map((situation) => ({ ...situation, width: 1440, height: 900 }));
const small = mainSituations.map((situation) => ({ ...situation, name: `${situation.name}-small`, width: 1024, height: 700 }));
const cards = cardSituations.map((situation) => ({ ...situation, width: 560, height: 720 }));
const shapes = {
  light: [...cards, ...large, ...(keep === undefined ? [] : small)],
  dark: [...cards, ...small, ...(keep === undefined ? [] : large)],
};

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  let opened: OpenedPage;
  beforeAll(async () => {
    opened = await openPage(browser, { pages, fake, theme });
  });
  afterAll(async () => opened.close());

  test.each(shapes[theme].filter((shape) => only.test(`${shape.name}-${theme}`)))(
    '$name is complete, quiet and accessible',
    async (shape) => {
      const { page } = opened;
      await opened.show(shape);
      await takePicture(page, `${shape.name}-${theme}`, shape.address === 'approval.html');
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
      expect(opened.complaints).toEqual([]);
    },
  );
});
