import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDesktopApp, type DesktopApp, type WindowState } from '../testing/page/desktop-app.ts';
import { focusedWindow, openTypingWindow, pause, xdotool, type TypingWindow } from '../testing/x-desktop.ts';

const policy = `version: 1
rules:
  - { id: writes-ask, effect: ask, reason: Writes ask in this test., tools: [file_write] }
`;

interface Answer {
  readonly isError?: boolean;
  readonly structuredContent?: { readonly outcome?: string; readonly reason?: string };
}

const isTopRight = ({ x, y, width }: WindowState['bounds']): boolean => width === 560 && x + width > 1500 && y < 200;

describe('the approval window on a real desktop', () => {
  let desktop: DesktopApp;
  let typing: TypingWindow;
  let client: Client;
  let calls: Promise<Answer>[] = [];
  let counter = 0;

  beforeAll(async () => {
    desktop = await startDesktopApp({ policy });
    typing = await openTypingWindow();
    client = await desktop.connect((await desktop.mint(['file:write'])).token);
  });
  afterAll(async () => {
    typing.close();
    await desktop.stop();
  });
  beforeEach(async () => {
    await xdotool('mousemove', '10', '900');
    await typing.activate();
  });
  afterEach(async () => {
    const { approvals } = await desktop.invoke('approvals.list', { state: 'pending' });
    for (const { id } of approvals) await desktop.invoke('approvals.deny', { id, reason: 'The test is over.' });
    await Promise.all(calls);
    calls = [];
  });

  /** A call that asks; answers the path that it would write. */
  function ask(): { readonly path: string; readonly answer: Promise<Answer> } {
    counter += 1;
    const path = `file-${counter}.txt`;
    const answer = client.callTool({ name: 'file_write', arguments: { path, content: 'x' } }) as Promise<Answer>;
    calls.push(answer);
    return { path: join(desktop.workspace, path), answer };
  }

  async function approvalState(wanted: Partial<WindowState>): Promise<WindowState> {
    for (let tries = 0; tries < 100; tries += 1) {
      const state = (await desktop.windows()).find(({ page }) => page === 'approval');
      if (state !== undefined && Object.entries(wanted).every(([key, value]) => state[key as keyof WindowState] === value)) return state;
      await pause(50);
    }
    throw new Error(`The approval window never was ${JSON.stringify(wanted)}: ${JSON.stringify(await desktop.windows())}`);
  }

  it('appears without taking the keyboard from where the operator types', async () => {
    expect((await approvalState({ visible: false })).focused).toBe(false);
    expect(await typing.receivesKeys()).toBe(true);
    ask();
    await approvalState({ visible: true });
    await pause(500);
    expect(await focusedWindow()).toBe(typing.title);
    expect(await typing.receivesKeys()).toBe(true);
    expect((await approvalState({ visible: true })).focused).toBe(false);
    // The window manager moves it where it belongs in its own time.
    await expect.poll(async () => (await approvalState({ visible: true })).bounds, { timeout: 5_000 }).toSatisfy(isTopRight);
  });

  it('takes the keyboard when the operator asks for it: by the shortcut, and by a click', async () => {
    ask();
    await approvalState({ visible: true });
    await xdotool('key', 'ctrl+alt+g');
    const { bounds } = await approvalState({ focused: true });
    expect(await typing.receivesKeys()).toBe(false);
    await typing.activate();
    await approvalState({ focused: false });
    await xdotool('mousemove', String(bounds.x + 8), String(bounds.y + 8), 'click', '1');
    await approvalState({ focused: true });
  });

  it('does not open under the pointer', async () => {
    await xdotool('mousemove', '1400', '300');
    ask();
    const { bounds } = await approvalState({ visible: true });
    const isUnder = 1400 >= bounds.x && 1400 < bounds.x + bounds.width && 300 >= bounds.y && 300 < bounds.y + bounds.height;
    expect(isUnder).toBe(false);
  });

  it('closing it is no answer: the request waits on, and the next one shows it again', async () => {
    const first = ask();
    await approvalState({ visible: true });
    await xdotool('key', 'ctrl+alt+g');
    await approvalState({ focused: true });
    await xdotool('key', 'alt+F4');
    await approvalState({ visible: false });
    const { approvals } = await desktop.invoke('approvals.list', { state: 'pending' });
    expect(approvals).toHaveLength(1);
    ask();
    await approvalState({ visible: true });
    // The control: the request that was closed over can still be approved, and then runs.
    const [approval] = approvals;
    await desktop.invoke('approvals.approve', { id: approval!.id, digest: approval!.digest });
    expect((await first.answer).isError ?? false).toBe(false);
    expect(existsSync(first.path)).toBe(true);
  });

  it('hides by itself when nothing waits any more', async () => {
    ask();
    await approvalState({ visible: true });
    const { approvals } = await desktop.invoke('approvals.list', { state: 'pending' });
    await desktop.invoke('approvals.deny', { id: approvals[0]!.id, reason: 'No.' });
    await approvalState({ visible: false });
  });

  it('a crash of its page denies what waits, says why, and leaves a window for the next request', async () => {
    const { path, answer } = ask();
    await approvalState({ visible: true });
    await desktop.app.evaluate(({ BrowserWindow }) => {
      const crashing = BrowserWindow.getAllWindows().find((window) => window.webContents.getURL().includes('/approval.html'));
      setTimeout(() => crashing?.webContents.forcefullyCrashRenderer(), 10);
      return true;
    });
    const result = await answer;
    expect(result.isError).toBe(true);
    expect(result.structuredContent?.reason).toContain('crashed');
    expect(existsSync(path)).toBe(false);
    await approvalState({ visible: false });
    ask();
    await approvalState({ visible: true });
    await (await desktop.approval()).waitForFunction(() => document.body.innerText.includes('Test agent'));
  });
});
