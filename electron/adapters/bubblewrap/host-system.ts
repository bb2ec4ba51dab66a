import { lstat, readlink } from 'node:fs/promises';

/** The host's programs and libraries as the sandbox shows them. */
export interface HostSystem {
  /** Links at the root that lead into /usr, on merged systems. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** Folders at the root, on systems that are not merged. */
  readonly folders: readonly string[];
}

const rootNames = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

export const readHostSystem = async (): Promise<HostSystem> => {
  const links: { path: string; target: string }[] = [];
  const folders: string[] = [];
  for (const path of rootNames) {
    const stat = await lstat(path).catch(() => null);
    if (stat?.isSymbolicLink() === true) links.push({ path, target: await readlink(path) });
    if (stat?.isDirectory() === true) folders.push(path);
  }
  return { links, folders };
};
