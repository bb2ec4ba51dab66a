import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const MINUTES = 60_000;
const NETWORK = /^(npm_config_(registry|cafile)|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|https?_proxy|no_proxy)$/i;
const BUILD_TOOLS = ['gcc', 'cc', 'g++', 'c++', 'clang', 'make', 'cmake', 'python', 'python3', 'node-gyp', 'sudo', 'git', 'curl', 'wget'];
const PLAIN_TOOLS = ['sh', 'bash', 'env', 'cat', 'cp', 'mkdir', 'rm', 'ls', 'uname', 'id', 'dirname', 'readlink', 'sed', 'grep'];

const place = mkdtempSync(join(tmpdir(), 'gatehouse-npm-ci-'));
afterEach(() => rmSync(place, { recursive: true, force: true }));

const pathOf = (program: string): string => execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

/** How this machine reaches the registry is no part of what is tested: its proxies and certificates stay. */
const wayToTheRegistry = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => NETWORK.test(name)));

/** A folder to be the whole PATH: this Node, its npm, and what every system has. */
function barePath(): string {
  const bin = join(place, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  symlinkSync(execFileSync('readlink', ['-f', pathOf('npm')], { encoding: 'utf8' }).trim(), join(bin, 'npm'));
  for (const tool of PLAIN_TOOLS) symlinkSync(pathOf(tool), join(bin, tool));
  return bin;
}

test('npm ci succeeds as an ordinary user with an empty home, no compiler, no display', { timeout: 8 * MINUTES }, () => {
  expect(process.getuid?.()).not.toBe(0);
  const home = join(place, 'home');
  const checkout = join(place, 'checkout');
  mkdirSync(home);
  mkdirSync(checkout);
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(file, join(checkout, file));
  const path = barePath();
  // Older versions of npm run every package's install script without asking; newer ones only when told.
  const env = { ...wayToTheRegistry(), PATH: path, HOME: home, npm_config_dangerously_allow_all_scripts: 'true' };

  const reachable = BUILD_TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`], { env }).status === 0);
  expect(reachable).toEqual([]);

  const result = spawnSync('npm', ['ci', '--prefer-offline'], { cwd: checkout, env, encoding: 'utf8', timeout: 7 * MINUTES });
  expect(result.status, result.stderr).toBe(0);

  // What would have needed a compiler is there and loads, under the Node that came with it.
  const node = join(checkout, 'node_modules/.bin/node');
  const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { version: string }> };
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  expect(version).toBe(`v${locked.packages[`node_modules/node-linux-${process.arch}`]?.version ?? ''}`);
  execFileSync(node, ['-e', "for (const name of ['node-pty', 'keytar', '@photostructure/sqlite', 'ssh2']) require(name)"], {
    cwd: checkout,
    env,
  });
  expect(existsSync(join(checkout, 'node_modules/electron/dist'))).toBe(false);
  expect(createRequire(join(checkout, 'package.json')).resolve('vitest')).toContain(checkout);
});
