import { lstat, readdir, readlink } from 'node:fs/promises';

/** The host's programs and libraries as the sandbox shows them. */
export interface HostSystem {
  /** Links at the root that lead into /usr, on merged systems. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** Folders at the root, on systems that are not merged. */
  readonly folders: readonly string[];
  /** The parts of /etc that programs need to start and that hold nothing private. */
  readonly settings: readonly string[];
}

const rootNames = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** SECURITY: a list of what is shown, never of what is hidden. No passwd, shadow, hosts, machine-id, ssh, ssl/private, NetworkManager. */
const settings = [
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

export const readHostSystem = async (): Promise<HostSystem> => {
  const links: { path: string; target: string }[] = [];
  const folders: string[] = [];
  for (const path of rootNames) {
    const stat = await lstat(path).catch(() => null);
    if (stat?.isSymbolicLink() === true) links.push({ path, target: await readlink(path) });
    if (stat?.isDirectory() === true) folders.push(path);
  }
  const java = (await readdir('/etc').catch(() => [])).filter(isJava);
  return { links, folders, settings: [...settings, ...java].map((name) => `/etc/${name}`) };
};
