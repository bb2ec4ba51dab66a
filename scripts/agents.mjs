import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './dependencies.mjs';
import { CACHE, inRoot } from './paths.mjs';
import { withLock } from './lock.mjs';

const PINS = ['package.json', 'package-lock.json'];

/** Installs the real agent programs of the end-to-end tests into .cache/agents/<digest of their lockfile>; apart from the product, never shipped. */
export async function ensureAgents(log = () => {}) {
  const lockfile = readFileSync(inRoot('scripts/agents/package-lock.json'));
  const place = join(CACHE, 'agents', createHash('sha256').update(lockfile).digest('hex').slice(0, 16));
  if (existsSync(join(place, 'node_modules'))) return;
  await withLock('agents', async () => {
    if (existsSync(join(place, 'node_modules'))) return;
    mkdirSync(join(CACHE, 'agents'), { recursive: true });
    const half = mkdtempSync(join(CACHE, 'agents/half-'));
    try {
      for (const pin of PINS) copyFileSync(inRoot(`scripts/agents/${pin}`), join(half, pin));
      await npm(['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: half, log });
      rmSync(place, { recursive: true, force: true });
      renameSync(half, place);
    } finally {
      rmSync(half, { recursive: true, force: true });
    }
  });
}
