import { createHash, randomBytes } from 'node:crypto';
import { cp, lstat, mkdir, readdir, readlink, realpath, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syntheticFiles, type Identity } from './synthetic-files.ts';

/** Builds the sandbox's /etc ahead of time: one mount in place of thirty, of which each would cost every command some time. */
export interface SystemSettings {
  /** The folder to mount as /etc, made anew when the host's has changed. */
  folder(): Promise<string>;
}

export interface SystemSettingsDeps {
  /** Ours, 0700; copies are kept below it. */
  readonly stateDir: string;
  readonly identity: () => Promise<Identity>;
  readonly now?: () => number;
}

/** SECURITY: a list of what is shown, never of what is hidden. No passwd, shadow, hosts, machine-id, ssh, ssl/private, NetworkManager. */
const shownSettings = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'debian_version',
  'fonts',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'locale.alias',
  'locale.conf',
  'localtime',
  'magic',
  'mime.types',
  'os-release',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
  'xattr.conf',
];

/** Debian keeps the settings without which java does not start below /etc. */
const isJava = (name: string): boolean => /^java-\d+-openjdk$/.test(name);

/** How long the host's settings are taken to be what they were. Milliseconds. */
const freshMs = 60_000;
/** Running commands still see older ones. */
const kept = 4;

export const createSystemSettings = ({ stateDir, identity, now = () => performance.now() }: SystemSettingsDeps): SystemSettings => {
  const parent = join(stateDir, 'sandbox-etc');
  let built: { readonly folder: string; readonly at: number } | null = null;
  let building: Promise<string> | null = null;
  const build = async (): Promise<string> => {
    const folder = await buildSettings(parent, await identity());
    built = { folder, at: now() };
    return folder;
  };
  return {
    async folder() {
      if (built !== null && now() - built.at < freshMs) return built.folder;
      building ??= build().finally(() => (building = null));
      return building;
    },
  };
};

const buildSettings = async (parent: string, identity: Identity): Promise<string> => {
  const synthetic = syntheticFiles(identity);
  const names = [...shownSettings, ...(await readdir('/etc').catch(() => [])).filter(isJava)];
  const hash = createHash('sha256').update(JSON.stringify(synthetic));
  for (const name of names) hash.update(`${name} ${await stampOf(join('/etc', name))}\n`);
  const folder = join(parent, hash.digest('hex').slice(0, 16));
  await mkdir(parent, { recursive: true, mode: 0o700 });
  if (await isThere(folder)) {
    await utimes(folder, new Date(), new Date());
    return folder;
  }
  const draft = join(parent, `draft-${randomBytes(8).toString('hex')}`);
  await mkdir(draft, { mode: 0o755 });
  try {
    for (const name of names) await copySetting(name, draft);
    for (const { name, content } of synthetic) await writeFile(join(draft, name), content, { mode: 0o444 });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process of ours may have been faster.
    if (!(await isThere(folder))) throw error;
  }
  await removeOld(parent);
  return folder;
};

/** Changes when what is below does, as far as the times of it and of its folders tell. */
const stampOf = async (path: string): Promise<string> => {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return '-';
  if (!stat.isDirectory()) return `${stat.mtimeMs}:${stat.size}`;
  const folders = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const inner = await Promise.all(folders.map(async ({ name }) => stampOf(join(path, name))));
  return [stat.mtimeMs, ...inner].join(',');
};

const copySetting = async (name: string, target: string): Promise<void> => {
  const [from, to] = [join('/etc', name), join(target, name)];
  const stat = await lstat(from).catch(() => null);
  if (stat === null) return;
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  // A link into /usr works inside as it does outside; any other is followed, for what it leads to is not there.
  const isLasting =
    stat.isSymbolicLink() && (await realpath(from).catch(() => '')).startsWith('/usr/') && !(await readlink(from)).includes('/etc/');
  const options = { recursive: true, dereference: stat.isSymbolicLink() && !isLasting, verbatimSymlinks: true };
  await cp(from, to, { ...options, preserveTimestamps: true, filter: isReadable }).catch(() => undefined);
};

const isReadable = async (path: string): Promise<boolean> => {
  const stat = await lstat(path).catch(() => null);
  return stat !== null && (stat.isFile() ? (stat.mode & 0o004) !== 0 : stat.isDirectory() || stat.isSymbolicLink());
};

const removeOld = async (parent: string): Promise<void> => {
  const folders = await Promise.all((await readdir(parent)).map(async (name) => ({ name, at: (await lstat(join(parent, name))).mtimeMs })));
  const old = folders.sort((a, b) => b.at - a.at).slice(kept);
  await Promise.all(old.map(async ({ name }) => rm(join(parent, name), { recursive: true, force: true })));
};

const isThere = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
