// npm run -s gatehouse -- ARGS: the command line of this checkout. stdout belongs to the command; what is made ready first is told on stderr, if it takes long.
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { CLI_ENTRY, projectNode } from './paths.mjs';
import { createProgress, runScript } from './progress.mjs';
import { become } from './run.mjs';

await runScript(async () => {
  const { step } = createProgress({ quiet: true });
  await step('Dependencies', ensureDependencies, { fix: 'rm -rf node_modules && npm ci' });
  await step('Build', ensureBuild, { fix: 'npm run build' });
  return become(projectNode(), [CLI_ENTRY, ...process.argv.slice(2)]);
});
