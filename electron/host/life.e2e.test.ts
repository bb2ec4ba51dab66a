import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRuntime } from '../../scripts/electron.mjs';
import { desktopArguments, startDesktopApp, type DesktopApp } from '../testing/page/desktop-app.ts';
import { activate, focusedWindow, openTypingWindow, pause, xdotool } from '../testing/x-desktop.ts';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  /** Milliseconds between what it said and its end. */
  readonly lingered: number;
}

async function pressReturn(title: string): Promise<void> {
  try {
    await activate(title);
    await xdotool('key', 'Return');
  } catch {
    // It has gone by itself.
  }
}

/** Starts the application as `npm start` does and waits for its end; a message box is closed by Enter. */
async function runToEnd(args: readonly string[], closeDialog = false): Promise<Ended> {
  const child = spawn(readRuntime()!.path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let toldAt = Date.now();
  child.stderr.on('data', (chunk: Buffer) => {
    if (chunk.includes('cannot start')) toldAt = Date.now();
    stderr += chunk.toString();
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  while (closeDialog && isRunning()) {
    await pause(500);
    // Awaited, so that no key is still on its way when the next message appears.
    if (stderr.includes('cannot start')) await pressReturn('Gatehouse');
  }
  const [code] = await ended;
  return { code, stderr, lingered: Date.now() - toldAt };
}

describe('one window per data directory, and its ways out', () => {
  let desktop: DesktopApp;
  beforeAll(async () => {
    desktop = await startDesktopApp();
  });
  afterAll(async () => {
    await desktop.stop();
  });

  const isMainVisible = async (): Promise<boolean> => (await desktop.windows()).some(({ page, visible }) => page === 'index' && visible);
  const gatewayAnswers = async (): Promise<number> => (await fetch(`http://127.0.0.1:${desktop.port}/mcp`, { method: 'POST' })).status;
  const closeMain = async (): Promise<void> => {
    await activate('Gatehouse');
    await xdotool('key', 'alt+F4');
    await pause(2_500);
  };

  it('F74, F78: what Chromium keeps is the operator’s alone', () => {
    const profile = join(desktop.dataDir, 'window');
    expect(statSync(profile).mode & 0o777).toBe(0o700);
    const files = readdirSync(profile, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    for (const entry of files) expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
  });

  it('a second start raises the window and ends with 0, whatever it is given', async () => {
    const typing = await openTypingWindow();
    try {
      await typing.activate();
      expect(await focusedWindow()).toBe(typing.title);
      const second = await runToEnd(desktopArguments(desktop.dataDir, '--port', '1', '--inspect=0'));
      expect(second.code).toBe(0);
      expect(second.stderr).toContain('already running');
      await pause(500);
      expect(await focusedWindow()).toBe('Gatehouse');
      expect(await desktop.windows()).toHaveLength(2);
      expect(desktop.stderr()).not.toContain('Debugger listening');
      expect(await gatewayAnswers()).toBeGreaterThanOrEqual(400);
    } finally {
      typing.close();
    }
  });

  it('closing the window where there is no tray asks; Cancel leaves it, Keep running leaves the gateway', async () => {
    await desktop.answerDialogs(2);
    await closeMain();
    expect(await isMainVisible()).toBe(true);
    await desktop.answerDialogs(0);
    await closeMain();
    const [asked] = await desktop.asked();
    expect(asked).toMatchObject({ message: 'Keep the gateway running without this window?', buttons: ['Keep running', 'Quit', 'Cancel'] });
    expect(await isMainVisible()).toBe(false);
    expect(await gatewayAnswers()).toBeGreaterThanOrEqual(400);
    expect((await runToEnd(desktopArguments(desktop.dataDir))).code).toBe(0);
    await pause(500);
    expect(await isMainVisible()).toBe(true);
  });

  it('quitting names the agents and requests that it ends, and Cancel ends nothing', async () => {
    const client = await desktop.connect((await desktop.mint(['file:read'])).token);
    await client.listTools();
    await desktop.answerDialogs(1);
    await desktop.app.evaluate(({ app }) => {
      setTimeout(() => app.quit(), 10);
      return true;
    });
    await pause(1_000);
    const [asked] = await desktop.asked();
    expect(asked?.detail).toContain('Test agent');
    expect(await gatewayAnswers()).toBeGreaterThanOrEqual(400);
    await desktop.answerDialogs(0);
    const ended = once(desktop.app.process(), 'exit');
    await desktop.app.evaluate(({ app }) => {
      setTimeout(() => app.quit(), 10);
      return true;
    });
    expect((await ended)[0]).toBe(0);
    await expect(gatewayAnswers()).rejects.toThrow();
  });
});

describe('a start that fails says so, in a window and on stderr, and ends with 1', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'gatehouse-life-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('the port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const failed = await runToEnd(desktopArguments(join(scratch, 'taken'), '--port', String(port)), true);
    holder.close();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`Port ${port}`);
    expect(failed.stderr).toContain(String(process.pid));
    expect(failed.lingered).toBeLessThan(15_000);
  });

  it('nobody closes the message', async () => {
    symlinkSync(scratch, join(scratch, 'link'));
    const failed = await runToEnd(desktopArguments(join(scratch, 'link')));
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('symbolic link');
    expect(failed.lingered).toBeGreaterThan(15_000);
    expect(failed.lingered).toBeLessThan(30_000);
  });

  it('an option that does not exist', async () => {
    const failed = await runToEnd(desktopArguments(join(scratch, 'x'), '--datadir', scratch));
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain('usage:');
  });
});
