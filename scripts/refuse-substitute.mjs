// electron-builder's hook before and after it packs: a package is only ever made from the official Electron, and from the version that is pinned.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRuntime } from './electron.mjs';
import { inRoot } from './paths.mjs';

/**
 * Why no package may be made, or null.
 * @param {object} facts
 * @param {string} facts.pinned the version of the electron package
 * @param {{official: boolean} | null} facts.runtime what this checkout was built and tested on
 * @param {string | undefined} facts.otherFolder an Electron from elsewhere that was asked for
 * @param {string | null | undefined} facts.otherVersion another version that was asked for
 * @param {string | null} facts.packed the version of what was packed; null before
 */
export function reasonToRefuse({ pinned, runtime, otherFolder, otherVersion, packed }) {
  // SECURITY: the substitute of development machines was not built for us and gets no security updates.
  if (runtime?.official !== true) return 'this checkout was built and tested on a substitute for Electron';
  if (otherFolder) return 'it was told to take Electron from another folder';
  if (otherVersion && otherVersion !== pinned) return `it was told to take Electron ${otherVersion}`;
  if (packed !== null && packed !== pinned) return `it holds Electron ${packed}`;
  return null;
}

export default function refuseSubstitute({ appOutDir, packager }) {
  const { electronDist, electronVersion } = packager.config;
  const reason = reasonToRefuse({
    pinned: JSON.parse(readFileSync(inRoot('node_modules/electron/package.json'), 'utf8')).version,
    runtime: readRuntime(),
    otherFolder: process.env.ELECTRON_OVERRIDE_DIST_PATH ?? electronDist,
    otherVersion: electronVersion,
    packed: versionIn(appOutDir),
  });
  if (reason === null) return;
  throw new Error(`no package is made: ${reason}. Delete .cache/electron, connect to the network, and run npm run package again`);
}

function versionIn(folder) {
  const file = join(folder, 'version');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : null;
}
