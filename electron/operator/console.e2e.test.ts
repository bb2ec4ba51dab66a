import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = 'version: 1\nrules:\n  - { id: commands-ask, effect: ask, reason: Commands ask in this test., tools: [bash] }\n';

const flags = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-gpu',
];

describe('the browser console of a headless host, in a real browser (THREATS rule 22)', () => {
  let host: HeadlessHost;
  let browser: Browser;

  beforeAll(async () => {
    host = await startHeadlessHost({ policy });
    const sandbox = process.getuid?.() !== 0;
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', chromiumSandbox: sandbox, args: flags });
  });

  afterAll(async () => {
    await browser.close();
    await host.stop();
  });

  it('opens by its link once: the secret leaves the address, the page works, no cookie is set, and a second use is refused', async () => {
    const link = String(host.ready['console_url']);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText('What this machine can enforce').waitFor();
    expect(page.url()).not.toContain('k=');
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]))).toBe('[[],[]]');

    const thief = await (await browser.newContext()).newPage();
    await thief.goto(link);
    await thief.getByText(/link/i).first().waitFor();
    expect(await thief.getByText('What this machine can enforce').count()).toBe(0);
    const { events } = await host.command<{ events: unknown[] }>('audit', 'search', 'console.refused');
    expect(events).toHaveLength(1);
  });

  it('decides a waiting call', async () => {
    const workspace = host.workspace();
    const client = await host.connect((await host.mint('console test', 'bash:exec', workspace)).token);
    const { url } = await host.command<{ url: string }>('console');
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    await page.getByText('What this machine can enforce').waitFor();
    const answer = client.callTool({ name: 'bash', arguments: { command: 'echo decided > from-console.txt' } });
    await page.getByText('echo decided > from-console.txt').first().waitFor();
    const allow = page.getByRole('button', { name: /^Allow once/ }).first();
    await expect.poll(async () => await allow.isEnabled(), { timeout: 10_000 }).toBe(true);
    await allow.click();
    expect((await answer).isError ?? false).toBe(false);
    const { approvals } = await host.command<{ approvals: { decision: unknown }[] }>('approvals', 'list', '--state', 'all');
    expect(approvals[0]?.decision).toMatchObject({ result: 'approved', channel: 'console' });
  });
});

it('without --json, serve prints the link alone on its line, what it is, how long it lives, and the ssh line', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-serve-'));
  const consolePort = await freePort();
  const cli = fileURLToPath(new URL('../../dist/electron/cli/main.js', import.meta.url));
  const child = spawn(
    process.execPath,
    [cli, 'serve', '--data-dir', join(scratch, 'data'), '--port', String(await freePort()), '--console-port', String(consolePort)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  try {
    await expect.poll(() => output, { timeout: 20_000 }).toContain('ssh -L');
    expect(output.split('\n').map((line) => line.trim())).toContainEqual(
      expect.stringMatching(new RegExp(`^http://127\\.0\\.0\\.1:${String(consolePort)}/#k=[A-Za-z0-9_-]{43}$`)),
    );
    expect(output).toContain('5 minutes');
    expect(output).toContain(`ssh -L ${String(consolePort)}:127.0.0.1:${String(consolePort)}`);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(scratch, { recursive: true, force: true });
  }
});
