import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inRoot, ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { digestOf } from './sources.mjs';
import { readStamp, writeStamp } from './stamps.mjs';
import { withLock } from './lock.mjs';

const STAMP = 'dependencies';
// npm writes this last of all, so a killed installation has none.
const INSTALLED = inRoot('node_modules/.package-lock.json');

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Whether node_modules holds what package-lock.json asks for. */
function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  const digest = digestOf(['package-lock.json']);
  if (readStamp(STAMP) === digest) return true;
  if (!isAsLocked()) return false;
  writeStamp(STAMP, digest);
  return true;
}

/** Compares with npm's own record, for a node_modules that somebody installed by hand. */
function isAsLocked() {
  const wanted = read(inRoot('package-lock.json')).packages;
  const present = read(INSTALLED).packages;
  const isSatisfied = ([path, { version, integrity, optional }]) =>
    path === '' ||
    (present[path] === undefined ? optional === true : present[path].version === version && present[path].integrity === integrity);
  return Object.entries(wanted).every(isSatisfied) && Object.keys(present).every((path) => path in wanted);
}

/** Runs `npm ci` when node_modules is missing or was installed from another lockfile. */
export async function ensureDependencies(log = () => {}) {
  if (isInstalled()) return;
  await withLock('dependencies', async () => {
    if (isInstalled()) return;
    log('npm ci');
    await npm(['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: ROOT, log });
    writeStamp(STAMP, digestOf(['package-lock.json']));
  });
}

/** Runs npm: the one that started this script, else the one on the PATH. */
export function npm(args, options) {
  // An ordinary user of a shared checkout, and the copy that tests run in, must be able to read what is installed.
  process.umask(0o022);
  const own = process.env.npm_execpath;
  return own?.endsWith('.js') && createRequire(import.meta.url).resolve(own)
    ? run(process.execPath, [own, ...args], options)
    : run('npm', args, options);
}
