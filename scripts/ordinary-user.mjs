// Tests of permissions and sandboxes mean nothing as root. As root, they run as an ordinary user made for them, on a copy of the checkout that this
// user owns: the checkout itself may lie where only root can read.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT, inRoot } from './paths.mjs';

const NAME = 'gatehouse-test';
const NOT_COPIED = ['node_modules', '.cache', '.git', 'release'];
const LINKED = ['node_modules', '.cache/electron', '.cache/agents'];
const NPMS_OWN = ['.bin', '.package-lock.json'];
const STAMPS = '.cache/stamps';

export const isRoot = () => process.getuid?.() === 0;

function must(command, ...args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * Creates the user where it is missing and gives it a copy of the checkout. Big folders that tests only read are hard links.
 * @returns {{tree: string, home: string, prefix: string[], remove: () => void}} `prefix` runs a command as that user
 */
export function prepareOrdinaryUser() {
  if (!succeeds('id', NAME))
    must('useradd', '--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', NAME);
  const place = mkdtempSync('/var/tmp/gatehouse-');
  chmodSync(place, 0o755);
  const tree = join(place, 'tree');
  const home = join(place, 'home');
  mkdirSync(home, { mode: 0o700 });
  cpSync(ROOT, tree, { recursive: true, verbatimSymlinks: true, filter: (path) => !NOT_COPIED.includes(relative(ROOT, path)) });
  mkdirSync(join(tree, '.cache'));
  if (existsSync(inRoot(STAMPS))) cpSync(inRoot(STAMPS), join(tree, STAMPS), { recursive: true });
  must('chown', '-R', `${NAME}:${NAME}`, tree, home);
  for (const folder of LINKED) if (existsSync(inRoot(folder))) link(inRoot(folder), join(tree, folder));
  // Caches that root's tools keep there, which this user could not write.
  const isCache = (name) => name.startsWith('.') && !NPMS_OWN.includes(name);
  for (const name of readdirSync(join(tree, 'node_modules')).filter(isCache))
    rmSync(join(tree, 'node_modules', name), { recursive: true, force: true });
  must('chown', `${NAME}:${NAME}`, join(tree, 'node_modules'), join(tree, '.cache/electron'));
  const prefix = ['setpriv', `--reuid=${NAME}`, `--regid=${NAME}`, '--init-groups', '--inh-caps=-all', '--'];
  return { tree, home, prefix, remove: () => rmSync(place, { recursive: true, force: true }) };
}

function link(from, to) {
  if (succeeds('cp', '-al', from, to)) return;
  // Another file system, where links cannot lead.
  rmSync(to, { recursive: true, force: true });
  must('cp', '-a', '--reflink=auto', from, to);
}
