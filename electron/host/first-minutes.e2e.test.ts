import { expect, it } from 'vitest';
import { startDesktopApp } from '../testing/page/desktop-app.ts';

/** From the window's appearance, in milliseconds: the bound of the first minutes' promise. */
const promiseMs = 30_000;

it('the first window is not empty, and Try it goes through the real gateway, approval window, sandbox and log, with no agent installed', async () => {
  const desktop = await startDesktopApp();
  try {
    const { main } = desktop;
    await main.getByText('What this machine can enforce').waitFor({ timeout: promiseMs });
    await main.getByText('Commands run in bubblewrap').waitFor();
    await main.getByText('Agents on this machine').waitFor();

    await main.getByRole('button', { name: 'Try it' }).click();
    const approval = await desktop.approval();
    await approval.getByText('hello.txt').first().waitFor({ timeout: promiseMs });
    const allow = approval.getByRole('button', { name: /^Allow once/ });
    await expect.poll(async () => await allow.isEnabled(), { timeout: 10_000 }).toBe(true);
    await allow.click();
    await main.getByText('Hello from inside the sandbox.').first().waitFor({ timeout: promiseMs });
    await main.getByRole('link', { name: 'Its rows in the audit log' }).click();
    await main.getByText('execution.finished').first().waitFor({ timeout: 10_000 });

    // It leaves nothing behind: its token has ended, and it was one call.
    const { tokens } = await desktop.invoke('tokens.list', {});
    expect(tokens.map(({ agent, state }) => [agent, state])).toEqual([['Gatehouse try-out', 'revoked']]);
    const { calls } = await desktop.invoke('calls.list', {});
    expect(calls.map(({ tool, outcome }) => [tool, outcome])).toEqual([['bash', 'succeeded']]);
  } finally {
    await desktop.stop();
  }
});
