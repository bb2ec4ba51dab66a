import { fileURLToPath } from 'node:url';
import { _electron, type Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { freePort } from '../testing/free-port.ts';

const demo = fileURLToPath(new URL('../../dist/electron/host/demo.js', import.meta.url));

it('npm run demo: one call denied by policy, one approved, one denied by the operator, one expired; ends with the log verified and a summary', async () => {
  const app = await _electron.launch({
    args: [demo, `--port=${String(await freePort())}`, '--exit'],
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const child = app.process();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    const page = await approvalPage(() => app.windows());
    await decide(page, 'package.json', 'Allow once');
    await decide(page, 'pre-commit', 'Deny');
    expect(await ended).toBe(0);
    for (const line of [
      'mends a typing error in src/greet.js: succeeded',
      'runs the test: succeeded',
      'adds a script to package.json: succeeded',
      'tries to delete everything: denied',
      'wants to plant a git hook: denied',
      'asks for something nobody answers: expired',
    ])
      expect(output).toContain(`✓ ${line}`);
    expect(output).toMatch(/✓ the audit log: \d+ events, chained without a break/);
    expect(output).not.toContain('✗');
  } finally {
    child.kill('SIGKILL');
  }
});

async function approvalPage(windows: () => Page[]): Promise<Page> {
  for (let tries = 0; tries < 400; tries += 1) {
    const page = windows().find((one) => one.url().includes('/approval.html'));
    if (page !== undefined) return page;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The approval window never came.');
}

async function decide(page: Page, shown: string, button: string): Promise<void> {
  await page.getByText(shown).first().waitFor({ state: 'visible', timeout: 30_000 });
  const chosen = page.getByRole('button', { name: new RegExp(`^${button}`) }).first();
  await expect.poll(async () => await chosen.isEnabled(), { timeout: 10_000 }).toBe(true);
  await chosen.click();
}
