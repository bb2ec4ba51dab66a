// The Debian packages that the product and its tests stand on. Installed where this process may (root, or sudo without a password); elsewhere the one
// line that installs them is the answer.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

// `a|b`: the name before and after Debian's change of the time type.
const SANDBOX = ['bubblewrap', 'socat'];
const WINDOW = [
  'libasound2|libasound2t64',
  'libatk-bridge2.0-0|libatk-bridge2.0-0t64',
  'libatspi2.0-0|libatspi2.0-0t64',
  'libcups2|libcups2t64',
  'libdrm2',
  'libgbm1',
  'libgtk-3-0|libgtk-3-0t64',
  'libnotify4',
  'libnss3',
  'libsecret-1-0',
  'libxcomposite1',
  'libxdamage1',
  'libxfixes3',
  'libxkbcommon0',
  'libxrandr2',
  'libxss1',
  'libxtst6',
];
const DESKTOP = ['xvfb', 'xauth', 'openbox', 'dunst', 'dbus', 'dbus-x11', 'xdotool', 'x11-utils', 'gnome-keyring', 'fonts-dejavu-core'];
const TOOLS = ['chromium', 'fuse-overlayfs', 'git', 'procps', 'util-linux', 'passwd', 'python3', 'curl'];

const NEEDED = {
  headless: SANDBOX,
  window: [...SANDBOX, ...WINDOW],
  test: [...SANDBOX, ...WINDOW, ...DESKTOP, ...TOOLS],
};

/**
 * Makes the packages for a purpose available. Errors: with `fix`, the one line to run, where this process may not install them itself.
 * @param {'headless' | 'window' | 'test'} purpose
 * @param {(line: string) => void} log takes progress, a line at a time
 */
export async function ensureSystemPackages(purpose, log = () => {}) {
  if (process.platform !== 'linux') return;
  if (!hasProgram('dpkg-query')) return refuseUnlessSandboxed();
  const absent = absentPackages(NEEDED[purpose]);
  if (absent.length === 0) return;
  const prefix = rightToInstall();
  const names = absent.map(nameHere);
  if (prefix === null)
    throw failure(
      `these packages are missing and only root may install them: ${names.join(' ')}`,
      `sudo apt-get install -y ${names.join(' ')}`,
    );
  log(`installing ${names.join(' ')}`);
  await install(prefix, absent, log);
  const still = absentPackages(NEEDED[purpose]);
  if (still.length > 0)
    throw failure(`still missing after the installation: ${still.join(' ')}`, `apt-get install ${still.map(nameHere).join(' ')}`);
}

const failure = (message, fix) => Object.assign(new Error(message), { fix });

const hasProgram = (name) => spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;

function refuseUnlessSandboxed() {
  if (hasProgram('bwrap')) return;
  throw failure(
    'bubblewrap is missing, and this is not a Debian on which it could be installed from here',
    "install the package 'bubblewrap' with your system's package manager",
  );
}

function absentPackages(wanted) {
  const names = wanted.flatMap((name) => name.split('|'));
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names], { encoding: 'utf8' });
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !name.split('|').some((alternative) => installed.has(alternative)));
}

/** Of two names, the one that this release of the system knows. */
function nameHere(name) {
  const alternatives = name.split('|');
  if (alternatives.length === 1) return name;
  return alternatives.find((alternative) => hasCandidate(alternative)) ?? alternatives[0];
}

function hasCandidate(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

function rightToInstall() {
  if (process.getuid() === 0) return [];
  return hasProgram('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : null;
}

async function install(prefix, absent, log) {
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', ...args];
    return run(command, rest, { log });
  };
  const installAbsent = () => apt('install', '--no-install-recommends', ...absent.map(nameHere));
  if (!hasLists()) await apt('update');
  try {
    await installAbsent();
  } catch {
    // The lists may be older than what the servers hold.
    await apt('update');
    await installAbsent();
  }
}

function hasLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureSystemPackages(process.argv[2] ?? 'test', console.log);
  } catch (error) {
    console.error(`${error.message}${error.fix ? `\nRun:  ${error.fix}` : ''}`);
    process.exitCode = 1;
  }
}
