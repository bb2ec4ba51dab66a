import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDesktopApp, type DesktopApp } from '../testing/page/desktop-app.ts';
import { pause } from '../testing/x-desktop.ts';

/** Every command asks. */
const policy = `version: 1
rules:
  - { id: commands-ask, effect: ask, reason: Commands ask in this test., tools: [bash] }
`;

interface Answer {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: { readonly outcome?: string; readonly reason?: string };
}

const textOf = (answer: Answer): string => answer.content.map((part) => part.text ?? '').join('');

describe('the main loop: a call waits, the window shows it, the operator decides', () => {
  let desktop: DesktopApp;
  let client: Client;
  let page: Page;

  beforeAll(async () => {
    desktop = await startDesktopApp({ policy, settings: { approvals: { timeout_s: 12 } } });
    client = await desktop.connect((await desktop.mint(['bash:exec'])).token);
    page = await desktop.approval();
  });

  afterAll(async () => {
    await desktop.stop();
  });

  async function ask(command: string, signal?: AbortSignal): Promise<{ readonly answer: Promise<Answer> }> {
    // Wrapped: an async function that returned the promise itself would wait for it.
    const answer = client.callTool({ name: 'bash', arguments: { command } }, signal === undefined ? {} : { signal }) as Promise<Answer>;
    answer.catch(() => undefined);
    await page.getByText(command, { exact: false }).first().waitFor({ state: 'visible', timeout: 15_000 });
    return { answer };
  }

  const canary = (name: string): string => join(desktop.workspace, name);

  it('a click approves: the exact arguments are shown, it runs once in bubblewrap, and its output returns', async () => {
    const command = 'echo once >> clicked.txt && cat clicked.txt && hostname';
    const { answer } = await ask(command);
    expect(existsSync(canary('clicked.txt'))).toBe(false);
    const allow = page.getByRole('button', { name: /^Allow once/ });
    // In its first 700 ms the button does nothing.
    await expect.poll(async () => await allow.isEnabled(), { timeout: 5000 }).toBe(true);
    await allow.click();
    const result = await answer;
    expect(result.isError ?? false).toBe(false);
    expect(textOf(result)).toBe('once\nsandbox');
    expect(readFileSync(canary('clicked.txt'), 'utf8')).toBe('once\n');
    const { approvals } = await desktop.invoke('approvals.list', { state: 'all' });
    expect(approvals[0]).toMatchObject({ state: 'consumed', arguments: { command }, decision: { result: 'approved', channel: 'window' } });
  });

  it('a click denies: nothing runs, and the agent is told', async () => {
    const { answer } = await ask('touch denied.txt');
    await page.getByRole('button', { name: /^Deny/ }).first().click();
    expect((await answer).structuredContent).toMatchObject({ outcome: 'denied' });
    expect(existsSync(canary('denied.txt'))).toBe(false);
  });

  it('nobody answers: it expires to deny', async () => {
    const { answer } = await ask('touch expired.txt');
    expect((await answer).structuredContent).toMatchObject({ outcome: 'expired' });
    expect(existsSync(canary('expired.txt'))).toBe(false);
  });

  it('the agent cancels: the card goes, and nothing runs', async () => {
    const cancelling = new AbortController();
    const { answer } = await ask('touch cancelled.txt', cancelling.signal);
    cancelling.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(async () => (await desktop.invoke('approvals.list', {})).approvals.length).toBe(0);
    expect(existsSync(canary('cancelled.txt'))).toBe(false);
  });

  it('the window is closed: no answer is not a yes, and the request goes on waiting until it expires', async () => {
    const { answer } = await ask('touch closed.txt');
    await desktop.invoke('shell.hide_approval', {});
    await pause(500);
    expect((await desktop.invoke('approvals.list', {})).approvals).toHaveLength(1);
    expect((await answer).structuredContent).toMatchObject({ outcome: 'expired' });
    expect(existsSync(canary('closed.txt'))).toBe(false);
  });

  it('F90: afterwards the chain verifies', async () => {
    expect(await desktop.invoke('audit.verify', {})).toMatchObject({ ok: true, problems: [] });
  });
});
