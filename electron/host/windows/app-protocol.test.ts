import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createConsoleResponder } from './app-protocol.ts';

let folder: string;
let respond: (request: Request) => Promise<Response>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'));
  const pages = join(folder, 'renderer');
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<!doctype html>');
  writeFileSync(join(pages, 'assets/main-1.js'), 'export {}');
  writeFileSync(join(pages, 'assets/notes.txt'), 'no type');
  writeFileSync(join(folder, 'secret.html'), 'canary');
  symlinkSync(join(folder, 'secret.html'), join(pages, 'link.html'));
  respond = createConsoleResponder(pages);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const get = async (address: string, method = 'GET') => await respond(new Request(address, { method }));

test('serves the built pages with their type and a strict policy as a header', async () => {
  const page = await get('gatehouse://console/index.html?x=1');
  expect(page.status).toBe(200);
  expect(await page.text()).toBe('<!doctype html>');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect((await get('gatehouse://console/assets/main-1.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect((await get('gatehouse://console/')).status).toBe(200);
});

test.each([
  'gatehouse://console/../secret.html',
  'gatehouse://console/..%2fsecret.html',
  'gatehouse://console/assets/../../secret.html',
  'gatehouse://console/%2e%2e/secret.html',
  'gatehouse://console/link.html',
  'gatehouse://console//etc/passwd',
  'gatehouse://console/assets/notes.txt',
  'gatehouse://console/assets',
  'gatehouse://console/__proto__',
  'gatehouse://other/index.html',
])('%s does not exist', async (address) => {
  const answer = await get(address);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toBe('');
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('only reads', async () => {
  expect((await get('gatehouse://console/index.html', 'POST')).status).toBe(405);
});
