/** Where this process's own control group lies in the file system, for each controller of version 1, and for version 2. */
export interface OwnGroups {
  /** Folders by controller (`memory`, `pids`, `cpu`). */
  readonly v1: ReadonlyMap<string, string>;
  readonly v2: string | null;
}

interface GroupMount {
  readonly root: string;
  readonly folder: string;
  readonly type: string;
  readonly controllers: readonly string[];
}

/** The control group mounts in the text of /proc/self/mountinfo. */
const groupMounts = (mountinfo: string): readonly GroupMount[] =>
  mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, folder] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    if (root === undefined || folder === undefined || !['cgroup', 'cgroup2'].includes(type)) return [];
    return [{ root: unescaped(root), folder: unescaped(folder), type, controllers: options.split(',') }];
  });

/** The kernel writes spaces and the like as octal numbers. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

const place = (path: string, { root, folder }: GroupMount): string | null => {
  if (path.split('/').includes('..')) return null;
  const rest = root === '/' ? path : path === root ? '' : path.startsWith(`${root}/`) ? path.slice(root.length) : null;
  return rest === null ? null : `${folder}${rest}`.replace(/\/+$/, '');
};

/** From the texts of /proc/self/cgroup and /proc/self/mountinfo. What is mounted elsewhere than this process's group is left out. */
export const ownGroups = (cgroup: string, mountinfo: string): OwnGroups => {
  const mounts = groupMounts(mountinfo);
  const v1 = new Map<string, string>();
  let v2: string | null = null;
  for (const line of cgroup.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const [, names, path] = match;
    if (names === '') {
      const mount = mounts.find(({ type }) => type === 'cgroup2');
      if (mount !== undefined) v2 = place(path, mount);
      continue;
    }
    for (const name of names.split(',')) {
      const mount = mounts.find(({ type, controllers }) => type === 'cgroup' && controllers.includes(name));
      const folder = mount === undefined ? null : place(path, mount);
      if (folder !== null) v1.set(name, folder);
    }
  }
  return { v1, v2 };
};
