// Every check that reads the sources without running them. Two at a time; each counts as one test in `npm test`.
import { fileURLToPath } from 'node:url';
import { ROOT, inRoot, projectNode } from './paths.mjs';
import { run } from './run.mjs';

const tool = (name, ...args) => [projectNode(), [inRoot(`node_modules/.bin/${name}`), ...args]];
const compile = (config) => tool('tsc', '-p', config, '--incremental', '--tsBuildInfoFile', `.cache/tsc/${config}.tsbuildinfo`);

/** Made when they are run: before the first `npm ci` there is no Node of the project’s yet. */
const checks = () => ({
  types: compile('tsconfig.json'),
  'types of the pages': compile('tsconfig.renderer.json'),
  'types of the tests in pages': compile('tsconfig.tests.json'),
  eslint: tool('eslint', '.', '--max-warnings', '0'),
  formatting: tool('prettier', '--check', '--log-level', 'warn', '.'),
  'import directions': tool('depcruise', 'electron', 'renderer', 'shared', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'),
  'dead code': tool('knip', '--no-progress', '--no-config-hints'),
});
const AT_ONCE = 2;

/**
 * @param {(line: string) => void} log takes the name of each check as it ends
 * @returns {Promise<{name: string, ok: boolean, output: string}[]>}
 */
export async function lint(log = () => {}) {
  const queue = Object.entries(checks());
  const results = [];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, [command, args]] = next;
      const result = await check(name, command, args);
      log(`${name} ${result.ok ? 'passed' : 'failed'}`);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function check(name, command, args) {
  try {
    await run(command, args, { cwd: ROOT, tailLines: 400, env: { ...process.env, NO_COLOR: '1' } });
    return { name, ok: true, output: '' };
  } catch (error) {
    return { name, ok: false, output: error.message };
  }
}

/** Prints what failed; returns how many did. */
export function reportLint(results) {
  const failed = results.filter(({ ok }) => !ok);
  for (const { name, output } of failed) console.error(`\n✗ ${name}\n${output}`);
  return failed.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await lint((line) => console.error(line));
  process.exitCode = reportLint(results) === 0 ? 0 : 1;
}
