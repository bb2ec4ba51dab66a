// npm run package: an AppImage and a Debian package in release/, from the official Electron only.
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { inRoot, projectNode } from './paths.mjs';
import { createProgress, runScript } from './progress.mjs';
import { become } from './run.mjs';

await runScript(async () => {
  const { step } = createProgress();
  await step('Dependencies', ensureDependencies, { fix: 'rm -rf node_modules && npm ci' });
  await step('Build', ensureBuild, { fix: 'npm run build' });
  await step('The official Electron', requireOfficial, { fix: 'rm -rf .cache/electron && npm run package' });
  return become(projectNode(), [
    inRoot('node_modules/electron-builder/cli.js'),
    '--linux',
    '--config',
    'electron-builder.yml',
    ...process.argv.slice(2),
  ]);
});

async function requireOfficial(log) {
  const { official, version } = await ensureElectron(log);
  if (!official) throw new Error(`only a substitute (Electron ${version}) could be reached, and packages are never made from it`);
}
