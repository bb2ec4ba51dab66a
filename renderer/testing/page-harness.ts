import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import type { WorldName } from './fake-worlds.ts';

// SECURITY: what the windows and the console send. A page that needs more than this fails its tests.
export const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const origin = 'https://gatehouse.test';

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  woff2: 'font/woff2',
  svg: 'image/svg+xml',
};

/** Builds the pages as they ship into `outDir`, and returns the script that stands in for the preload. */
export async function buildPages(root: string, outDir: string): Promise<string> {
  await build({ configFile: `${root}/vite.config.ts`, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: `${root}/renderer/testing/fake-page.ts`, formats: ['iife'], name: 'fakePage' },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const chunk = outputs.flatMap((one) => ('output' in one ? one.output : [])).find((part) => part.type === 'chunk');
  if (chunk === undefined) throw new Error('The stand-in for the preload was not built.');
  return chunk.code;
}

export interface OpenOptions {
  readonly pages: string;
  readonly fake: string;
  readonly theme: 'light' | 'dark';
}

export interface View {
  readonly world: WorldName;
  /** `index.html#/audit` or `approval.html`. */
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

export interface OpenedPage {
  readonly page: Page;
  /** Loads a page with a fresh fake gateway, and waits until it has its data. */
  readonly show: (view: View) => Promise<void>;
  /** What the browser complained about since the last view: errors, refused scripts and styles, foreign addresses. */
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

/** Opens a browser page that gets the built pages under their real policy, with the fake gateway behind `window.bridge`. */
export async function openPage(browser: Browser, options: OpenOptions): Promise<OpenedPage> {
  const context = await browser.newContext({ colorScheme: options.theme, reducedMotion: 'no-preference' });
  const page = await context.newPage();
  const complaints: string[] = [];
  let shown = 0;
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.addInitScript({ content: `globalThis.__zod_globalConfig = { jitless: true };\n${options.fake}` });
  await page.route('**/*', async (route) => {
    const url = new URL(route.request().url());
    if (url.origin !== origin) {
      complaints.push(`asked for ${url.href}`);
      return route.abort();
    }
    const contentType = types[url.pathname.split('.').pop() ?? ''];
    if (contentType === undefined) return route.fulfill({ status: 404 });
    const file = url.pathname.split('/').slice(3).join('/');
    return route.fulfill({ path: `${options.pages}/${file}`, contentType, headers: { 'content-security-policy': csp } });
  });
  return {
    page,
    complaints,
    close: () => context.close(),
    async show({ world, address, width, height }) {
      complaints.length = 0;
      shown += 1;
      await page.setViewportSize({ width, height });
      // The folders name the situation, and make every view a new load.
      await page.goto(`${origin}/${world}/${shown}/${address}`);
      await page.waitForSelector('main');
      await page.getByText(/^Reading /).waitFor({ state: 'detached' });
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
    },
  };
}
