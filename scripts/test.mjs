// npm test, the whole of it, and what CI runs. The last line is the result: `N passed, N failed`. A check of the sources counts as one test.
// As root: everything, with *.user.test.ts as an ordinary user on a copy of the tree. As an ordinary user: everything as that user.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureAgents } from './agents.mjs';
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { lint, reportLint } from './lint.mjs';
import { isRoot, prepareOrdinaryUser } from './ordinary-user.mjs';
import { ROOT, inRoot, projectNode } from './paths.mjs';
import { createProgress } from './progress.mjs';
import { run } from './run.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const { step, say } = createProgress({ stream: process.stdout, heartbeatMs: 10_000 });
const STAGE_MS = 25 * 60_000;
const total = { passed: 0, failed: 0 };

function count(name, passed, failed) {
  total.passed += passed;
  total.failed += failed;
  say(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed`);
}

/** A step that counts as one failed test when it fails, and as nothing when it does not. Answers whether it succeeded. */
async function prepare(name, work, fix) {
  try {
    await step(name, work, { fix });
    return true;
  } catch (error) {
    say(`✗ ${error.message}${error.fix ? `\n  Mend it with:  ${error.fix}` : ''}`);
    total.failed += 1;
    return false;
  }
}

async function runLint() {
  const results = await step('Checks of the sources', lint);
  const failed = reportLint(results);
  count('checks of the sources', results.length - failed, failed);
}

/**
 * Runs one vitest project on a desktop of its own and counts its results.
 * @param {string} project
 * @param {{tree: string, home: string, prefix: string[]}} place where, and as whom
 */
async function runProject(project, { tree, home, prefix }) {
  const results = join(tree, '.cache/results', `${project}.json`);
  rmSync(results, { force: true });
  // This place's own copy: the checkout may lie where its user cannot read.
  const node = join(tree, relative(ROOT, projectNode()));
  const vitest = [
    node,
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
  ];
  const [command, ...args] = [...prefix, node, 'scripts/desktop.mjs', ...vitest];
  const code = await finish(command, args, { cwd: tree, env: await environment(home) });
  const { passed, failed } = readResults(results, code);
  count(`${project} tests`, passed, failed);
}

/** Waits for a stage's end, and ends it, with everything it started, when it takes longer than any honest run. */
function finish(command, args, options) {
  // A group of its own, so that it can be ended as a whole.
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has ended meanwhile.
    }
  };
  const interrupted = (name) => {
    signal(name);
    process.exit(130);
  };
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, interrupted);
  const limit = setTimeout(() => {
    say(`✗ cut off after ${STAGE_MS / 60_000} minutes`);
    signal('SIGTERM');
    setTimeout(() => signal('SIGKILL'), 10_000).unref();
  }, STAGE_MS);
  return new Promise((resolve) => {
    child.on('error', (error) => (say(error.message), resolve(1)));
    child.on('close', (code, name) => resolve(code ?? name));
  }).finally(() => {
    clearTimeout(limit);
    for (const name of ['SIGINT', 'SIGTERM']) process.off(name, interrupted);
  });
}

/** Tests see none of the caller's settings: an empty home, and of npm's configuration only where the packages come from. */
async function environment(home) {
  const isForeign = (name) =>
    /^(npm_|GATEHOUSE_|XDG_|ELECTRON_|VITEST|NODE_OPTIONS$|INIT_CWD$|DISPLAY$|WAYLAND_DISPLAY$|DBUS_)/i.test(name);
  const inherited = Object.entries(process.env).filter(([name]) => !isForeign(name));
  const npmSettings = await Promise.all(['registry', 'cafile'].map(async (name) => [`npm_config_${name}`, await npmSetting(name)]));
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(npmSettings.filter(([, value]) => value !== null)), HOME: home };
}

/** One of npm's settings on this machine, or null when it has none. */
async function npmSetting(name) {
  const value = (await run('npm', ['config', 'get', name, '--silent'], { cwd: ROOT })).trim();
  return ['', 'null', 'undefined'].includes(value) ? null : value;
}

function readResults(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  // A skipped test has proved nothing: it fails the run.
  const unproven = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  for (const { fullName, status } of unproven) say(`✗ ${status}, which counts as failed: ${fullName}`);
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = tests.length - passed + brokenFiles.length;
  // No test at all, or an error outside of any: vitest says so only by its exit code.
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed };
}

async function main() {
  process.umask(0o022);
  // Nothing else can run without these two.
  if (!(await prepare('Dependencies', ensureDependencies, 'rm -rf node_modules && npm ci'))) return;
  if (!(await prepare('System packages', (log) => ensureSystemPackages('test', log)))) return;
  await prepare('Electron', ensureElectron, 'rm -rf .cache/electron');
  await prepare('Agent programs', ensureAgents, 'rm -rf .cache/agents');
  await prepare('Build', ensureBuild, 'npm run build');
  await runLint();
  mkdirSync(inRoot('.cache/results'), { recursive: true });
  const here = { tree: ROOT, home: mkdtempSync(join(tmpdir(), 'gatehouse-home-')), prefix: [] };
  try {
    await runProject('unit', here);
    await runProject('e2e', here);
    await (isRoot() ? runAsOrdinaryUser() : runProject('user', here));
  } finally {
    rmSync(here.home, { recursive: true, force: true });
  }
}

async function runAsOrdinaryUser() {
  let user;
  if (!(await prepare('An ordinary user and a copy of the tree', () => void (user = prepareOrdinaryUser())))) return;
  try {
    await runProject('user', user);
  } finally {
    user.remove();
  }
}

try {
  await main();
} catch (error) {
  console.error(error);
  total.failed += 1;
}
if (total.passed === 0) total.failed = Math.max(total.failed, 1);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
