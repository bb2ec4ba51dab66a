import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'electron';
import { preparePrivateDirectory } from '../adapters/sqlite/private-files.ts';

/**
 * Makes this process the one window of its data directory. False when another one is, which then raises its window.
 * What Chromium keeps (its lock among it) goes into `window/` of the data directory.
 * Errors: `unavailable` when the data directory is a link, not a folder or somebody else's.
 */
export function claimDataDirectory(app: App, dataDir: string): boolean {
  preparePrivateDirectory(dataDir);
  const profile = join(realpathSync(dataDir), 'window');
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  app.setPath('userData', profile);
  app.setPath('sessionData', profile);
  app.setPath('crashDumps', join(profile, 'crashes'));
  return app.requestSingleInstanceLock();
}
