import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = `
import { app, BrowserWindow } from 'electron';
const answer = await new Promise((resolve) => setTimeout(resolve, 50, { readyWhileLoading: app.isReady() }));
globalThis.trial = answer;
app.whenReady().then(() => new BrowserWindow({ webPreferences: { sandbox: true } }).loadURL('data:text/html,<title>Trial</title><h1>It opens</h1>'));
`;

/** The smallest application with a window: an ES module that is still loading for a while. */
export function createTrialApp(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-trial-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'trial-app', version: '1.2.3', type: 'module', main: 'main.js' }));
  writeFileSync(join(folder, 'main.js'), MAIN);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
