import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDesktopApp, type DesktopApp } from '../testing/page/desktop-app.ts';

/** No command asks: what it changes is what is decided on. */
const policy = `version: 1
rules:
  - { id: commands-run, effect: allow, reason: Commands run in this test., tools: [bash] }
`;

describe('a command changes files, the window shows what is held, the operator decides', () => {
  let desktop: DesktopApp;
  let client: Client;
  let page: Page;

  beforeAll(async () => {
    desktop = await startDesktopApp({ policy });
    client = await desktop.connect((await desktop.mint(['bash:exec'])).token);
    page = await desktop.approval();
    writeFileSync(join(desktop.workspace, 'plain.txt'), 'old\n');
  });
  afterAll(async () => {
    await desktop.stop();
  });

  const real = (name: string): string => join(desktop.workspace, name);
  const run = async (command: string): Promise<void> => {
    const answer = (await client.callTool({ name: 'bash', arguments: { command } })) as { readonly isError?: boolean };
    expect(answer.isError ?? false).toBe(false);
  };
  const difference = async (text: string): Promise<void> => await page.getByRole('group', { name: 'Difference' }).getByText(text).waitFor();
  const isShown = async (): Promise<boolean> =>
    (await desktop.windows()).some((one) => one.page === 'approval' && one.visible && !one.focused);
  const isHidden = async (): Promise<boolean> => (await desktop.windows()).some((one) => one.page === 'approval' && !one.visible);

  it('ordinary files are there at once; what is held appears with its difference, and a click applies exactly it', async () => {
    await run("echo new > plain.txt && echo 'export CANARY=1' > .envrc");
    expect(readFileSync(real('plain.txt'), 'utf8')).toBe('new\n');
    expect(existsSync(real('.envrc'))).toBe(false);
    await expect.poll(isShown, { timeout: 10_000 }).toBe(true);
    await difference('export CANARY=1');
    const apply = page.getByRole('button', { name: /^Apply to real files/ });
    await expect.poll(async () => await apply.isEnabled(), { timeout: 5000 }).toBe(true);
    await apply.click();
    await expect.poll(() => existsSync(real('.envrc')), { timeout: 5000 }).toBe(true);
    expect(readFileSync(real('.envrc'), 'utf8')).toBe('export CANARY=1\n');
    await expect.poll(isHidden, { timeout: 5000 }).toBe(true);
  });

  it('Keep out keeps it out', async () => {
    await run('mkdir .husky && echo planted > .husky/pre-commit');
    await expect.poll(isShown, { timeout: 10_000 }).toBe(true);
    await difference('planted');
    await page.getByRole('button', { name: /^Keep out/ }).click();
    await expect.poll(isHidden, { timeout: 5000 }).toBe(true);
    expect(existsSync(real('.husky'))).toBe(false);
    expect((await desktop.invoke('changes.list', {})).changes).toEqual([]);
  });

  it('Undo beside the call brings the old file back', async () => {
    const { changes } = await desktop.invoke('changes.list', { state: 'all' });
    const first = changes.find((set) => set.entries.some((entry) => entry.path === real('plain.txt')));
    await desktop.main.evaluate((call) => (location.hash = `#/activity?call=${call}`), first?.call_id ?? '');
    await desktop.main.getByRole('button', { name: 'Undo 2 files' }).click();
    await desktop.main.getByRole('dialog').getByRole('button', { name: 'Undo', exact: true }).click();
    await desktop.main.getByText('2 files are as before.').waitFor();
    expect(readFileSync(real('plain.txt'), 'utf8')).toBe('old\n');
    expect(existsSync(real('.envrc'))).toBe(false);
  });

  it('F90: afterwards the chain verifies', async () => {
    expect(await desktop.invoke('audit.verify', {})).toMatchObject({ ok: true, problems: [] });
  });
});
