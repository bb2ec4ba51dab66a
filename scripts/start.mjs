// npm start: makes everything ready that is not, then opens the window; without a display, serves the console to a browser.
// Needs nothing but Node 20 or newer and npm. Arguments are passed on:  npm start -- --port 9999 --data-dir DIR
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { CLI_ENTRY, ROOT, projectNode } from './paths.mjs';
import { createProgress, runScript } from './progress.mjs';
import { become } from './run.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const OLDEST_NODE = 20;

const hasDisplay = () => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY) || process.platform !== 'linux';
const isRoot = () => process.getuid?.() === 0;

function requireNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return;
  throw Object.assign(new Error(`this is Node ${process.versions.node}, and Gatehouse needs ${OLDEST_NODE} or newer`), {
    fix: 'install Node 24 from https://nodejs.org',
  });
}

async function start() {
  const { step, say } = createProgress();
  const args = process.argv.slice(2);
  await step('Node', requireNode);
  await step('System packages', (log) => ensureSystemPackages(hasDisplay() ? 'window' : 'headless', log));
  await step('Dependencies', ensureDependencies, { fix: 'rm -rf node_modules && npm ci' });
  await step('Build', ensureBuild, { fix: 'npm run build' });
  if (isRoot()) {
    say('! Running as root: the programs that agents start are still sandboxed, but the window itself is not. Prefer an ordinary user.');
  }
  if (!hasDisplay()) {
    say('No display here: the console opens in a browser, by the link below.');
    return become(projectNode(), [CLI_ENTRY, 'serve', ...args]);
  }
  const electron = await step('Electron', ensureElectron, { fix: 'rm -rf .cache/electron && npm start' });
  if (!electron.official)
    say(`! Electron ${electron.version} is a substitute, for development only: the official download could not be reached.`);
  say('Opening the window.');
  // SECURITY: Chromium's own sandbox cannot run as root, and nowhere else is it given up.
  return become(electron.path, [...(isRoot() ? ['--no-sandbox'] : []), ROOT, ...args]);
}

await runScript(start);
