import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPages, openPage } from './page-harness.ts';
import { cardSituations, mainSituations } from './situations.ts';

// Every page in every situation, under the policy that ships: nothing is refused, nothing overflows, axe finds nothing.
// GATEHOUSE_SCREENSHOTS=DIR keeps the pictures; GATEHOUSE_SITUATION=PATTERN takes some.
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const keep = process.env['GATEHOUSE_SCREENSHOTS'];
const only = process.env['GATEHOUSE_SITUATION'];
const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeAnswer {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

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

/** The text of each violation, so that a failure says what to mend. */
async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(await (await import('node:fs/promises')).readFile(axePath, 'utf8'));
  const answer = await page.evaluate(() =>
    (window as unknown as { axe: { run(options: object): Promise<AxeAnswer> } }).axe.run({ resultTypes: ['violations'] }),
  );
  return answer.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

const shapes = [
  ...cardSituations.map((situation) => ({ ...situation, width: 560, height: 720 })),
  ...mainSituations.map((situation) => ({ ...situation, width: 1440, height: 900 })),
  ...mainSituations.map((situation) => ({ ...situation, name: `${situation.name}-small`, width: 1024, height: 700 })),
].filter((shape) => only === undefined || new RegExp(only).test(shape.name));

for (const theme of ['light', 'dark'] as const) {
  test.each(shapes)(`$name ${theme}: complete, quiet, accessible`, async ({ name, world, address, width, height }) => {
    const opened = await openPage(browser, { pages, fake, world, address, theme, width, height });
    const { page } = opened;
    await page.waitForSelector('main');
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    await page.waitForTimeout(950);
    if (keep !== undefined) {
      const resized =
        address === 'approval.html'
          ? await page.evaluate(
              () => window.fake?.log.findLast((call) => call.name === 'shell.resize_approval')?.input as { height: number } | undefined,
            )
          : undefined;
      if (resized !== undefined) await page.setViewportSize({ width, height: resized.height });
      await page.waitForTimeout(resized === undefined ? 0 : 850);
      await page.screenshot({ path: join(keep, `${name}-${theme}.png`) });
    }
    expect(opened.complaints).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(await axeViolations(page)).toEqual([]);
    await opened.close();
  });
}
