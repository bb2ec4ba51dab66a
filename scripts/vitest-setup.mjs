// Before end-to-end tests, however they are started: what they test is built from the sources of this moment, and Electron is there.
import { ensureBuild } from './build.mjs';
import { ensureElectron } from './electron.mjs';

export async function setup() {
  await ensureBuild();
  const electron = await ensureElectron();
  // Where Playwright, through the electron package, looks for it.
  if (!electron.official) process.env.ELECTRON_OVERRIDE_DIST_PATH = electron.dist;
}
