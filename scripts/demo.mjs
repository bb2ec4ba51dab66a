// npm run demo: the real window and gateway over a temporary data directory, with a scripted agent.
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { DEMO_ENTRY } from './paths.mjs';
import { createProgress, runScript } from './progress.mjs';
import { become } from './run.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

function requireDisplay() {
  if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY || process.platform !== 'linux') return;
  throw new Error('the demo shows a window, and there is no display here');
}

await runScript(async () => {
  const { step } = createProgress();
  await step('Display', requireDisplay, { fix: 'xvfb-run -a npm run demo' });
  await step('System packages', (log) => ensureSystemPackages('window', log));
  await step('Dependencies', ensureDependencies, { fix: 'rm -rf node_modules && npm ci' });
  await step('Build', ensureBuild, { fix: 'npm run build' });
  const electron = await step('Electron', ensureElectron, { fix: 'rm -rf .cache/electron && npm run demo' });
  return become(electron.path, [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), DEMO_ENTRY, ...process.argv.slice(2)]);
});
