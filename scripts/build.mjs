// Builds dist/ from the sources; returns at once when they have not changed since.
//   electron/ and shared/   one .js per .ts at the mirrored path (so that `new URL('./x.worker.js', import.meta.url)` finds its neighbour)
//   electron/preload/*.ts   one self-contained .cjs each: a sandboxed preload can load nothing else
//   renderer/               the pages, by vite.config.ts
// resources/ is not copied: the product reads it where it is, beside dist/, in a checkout and in a package alike.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { CLI_ENTRY, HOST_ENTRY, inRoot, projectNode, ROOT } from './paths.mjs';
import { filesBelow, digestOf } from './sources.mjs';
import { readStamp, writeStamp } from './stamps.mjs';
import { withLock } from './lock.mjs';

const TOOLING = ['package-lock.json', 'tsconfig.json', 'scripts/build.mjs', 'scripts/build-parts.mjs'];
const REQUIRED = [
  HOST_ENTRY,
  CLI_ENTRY,
  inRoot('dist/electron/preload/preload.cjs'),
  inRoot('dist/renderer/index.html'),
  inRoot('dist/renderer/approval.html'),
];

const isProduct = (file) => !/\.test\.tsx?$/.test(file) && !file.startsWith('electron/testing/');

/** The parts of the build that are out of date, each with the digest of the sources it would then be built from. */
export function staleParts() {
  const shared = filesBelow('shared').filter(isProduct);
  const electron = filesBelow('electron').filter(isProduct);
  const sources = {
    node: [...electron.filter((file) => !file.startsWith('electron/preload/')), ...shared],
    preload: [...electron.filter((file) => file.startsWith('electron/preload/')), ...shared],
    renderer: [...filesBelow('renderer').filter(isProduct), ...shared, 'vite.config.ts'],
  };
  return Object.entries(sources)
    .map(([name, files]) => ({ name, files, digest: digestOf([...TOOLING, ...files]) }))
    .filter(({ name, digest }) => readStamp(`build-${name}`) !== digest || !existsSync(inRoot('dist')));
}

/**
 * Brings dist/ up to date; a no-op when it is. Runs the compilers under the project's own Node, because they need a newer one than these scripts.
 * @param {(line: string) => void} log takes progress, a line at a time
 */
export async function ensureBuild(log = () => {}) {
  if (staleParts().length === 0) return;
  await new Promise((resolve, reject) => {
    const child = spawn(projectNode(), [fileURLToPath(import.meta.url)], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      for (const line of String(chunk).split('\n')) if (line.trim() !== '') log(line.trim());
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(output.trim().slice(-4000) || `the build ended with code ${code}`)),
    );
  });
}

async function buildStaleParts() {
  const { PARTS } = await import('./build-parts.mjs');
  for (const { name, files, digest } of staleParts()) {
    const started = Date.now();
    await PARTS[name](files);
    writeStamp(`build-${name}`, digest);
    console.log(`built ${name} in ${Date.now() - started} ms`);
  }
  const missing = REQUIRED.filter((file) => !existsSync(file));
  if (missing.length > 0)
    throw new Error(`the build lacks what the product starts from: ${missing.map((file) => relative(ROOT, file)).join(', ')}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && staleParts().length > 0) {
  try {
    await withLock('build', buildStaleParts);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
