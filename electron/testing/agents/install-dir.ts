import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * The `node_modules` folder with the agent programs that scripts/agents pins. The folder's name follows the lockfile, so that
 * a test can never run programs other than the pinned ones.
 * @throws when they are not installed
 */
export const agentsDir = (): string => {
  const lockfile = readFileSync(join(ROOT, 'scripts', 'agents', 'package-lock.json'));
  const hash = createHash('sha256').update(lockfile).digest('hex').slice(0, 16);
  const dir = join(ROOT, '.cache', 'agents', hash, 'node_modules');
  if (existsSync(dir)) return dir;
  throw new Error(`The agent programs that these tests run are not installed (${dir} is missing). Run "npm test", which installs them.`);
};
