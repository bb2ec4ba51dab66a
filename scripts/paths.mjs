import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** What scripts may write and anybody may delete: stamps, the Electron runtime, test results. */
export const CACHE = join(ROOT, '.cache');

export const HOST_ENTRY = join(ROOT, 'dist/electron/host/main.js');
export const CLI_ENTRY = join(ROOT, 'dist/electron/cli/main.js');
export const DEMO_ENTRY = join(ROOT, 'dist/electron/host/demo.js');

/** @param {string} path relative to the checkout */
export const inRoot = (path) => join(ROOT, path);

/** Node 24 from devDependencies, so that the machine's own Node matters only to these scripts. Elsewhere than on Linux: the machine's. */
export function projectNode() {
  const bundled = join(ROOT, 'node_modules/.bin/node');
  return existsSync(bundled) ? bundled : process.execPath;
}
