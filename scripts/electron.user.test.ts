import { readFileSync, readlinkSync } from 'node:fs';
import { _electron } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { createTrialApp } from './trial-app.fixture.ts';

const trial = createTrialApp();
afterEach(trial.remove);

const seccompModeOf = (pid: number): string | undefined => /^Seccomp:\s*(\d)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
const FILTERED = '2';

test("as an ordinary user, pages run inside Chromium's own sandbox", async () => {
  expect(process.getuid?.()).not.toBe(0);
  const app = await _electron.launch({ args: [trial.folder], chromiumSandbox: true });
  try {
    await (await app.firstWindow()).locator('h1').waitFor();
    const { main, page } = await app.evaluate(({ BrowserWindow }) => ({
      main: process.pid,
      page: BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0,
    }));
    expect(seccompModeOf(page)).toBe(FILTERED);
    expect(readFileSync(`/proc/${page}/status`, 'utf8')).toMatch(/^NSpid:\s*\d+\s+\d+/m);
    // The control: the main process is in neither, so that the two lines above say something.
    expect(seccompModeOf(main)).not.toBe(FILTERED);
    expect(readlinkSync('/proc/self/ns/pid')).toBe(readlinkSync(`/proc/${main}/ns/pid`));
  } finally {
    await app.close();
  }
});
