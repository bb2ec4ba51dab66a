import { _electron } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { readRuntime } from './electron.mjs';
import { createTrialApp } from './trial-app.fixture.ts';

const trial = createTrialApp();
afterEach(trial.remove);

test('the runtime opens the window of an ES module application, and a test can drive it', async () => {
  const runtime = readRuntime();
  const app = await _electron.launch({ args: [trial.folder, '--port', '1'], chromiumSandbox: process.getuid?.() !== 0 });
  try {
    const page = await app.firstWindow();
    expect(await page.locator('h1').textContent()).toBe('It opens');
    const told = await app.evaluate(({ app }) => ({
      name: app.getName(),
      version: app.getVersion(),
      electron: process.versions.electron,
      isPackaged: app.isPackaged,
      args: process.argv.slice(-2),
      trial: (globalThis as { trial?: unknown }).trial,
    }));
    expect(told).toEqual({
      name: 'trial-app',
      version: '1.2.3',
      electron: runtime?.version as unknown,
      isPackaged: false,
      args: ['--port', '1'],
      trial: { readyWhileLoading: false },
    });
  } finally {
    await app.close();
  }
});
