import { realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { asAppError } from './descriptors.ts';
import { holdsProtected, isWithin, lookUpProtected } from './protected-places.ts';
import { checkPathText } from './walk.ts';

/** Folders of the system's: neither they nor anything below them can be a workspace, unless it lies below HOME. */
const systemTrees = [
  '/etc',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/boot',
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/var',
  '/root',
  '/snap',
  '/lost+found',
];
/** Below these, and only below, a workspace may lie. */
const openTrees = ['/var/tmp', '/var/www'];
/** Folders that hold other people's things: they cannot be a workspace, but what is below them can. */
const systemFolders = ['/', '/home', '/tmp', '/mnt', '/media', '/opt', '/srv', ...openTrees];
/** Below HOME, where programs keep keys and sessions. */
const secretFolders = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.password-store',
  '.mozilla',
  '.local/share/keyrings',
  '.config/gcloud',
];
/** Below HOME, too broad to hand out, though a folder in them may do. */
const broadFolders = ['.config', '.local', '.local/share', '.local/bin', '.cache'];

export interface WorkspaceRules {
  readonly home: string;
  readonly protectedPaths: readonly string[];
}

/** Errors: `invalid_input`, always with what to choose instead. Source: the docstring of the `Files` port. */
export const checkWorkspace = async (path: string, { home, protectedPaths }: WorkspaceRules): Promise<string> => {
  const refuse = (why: string): AppError =>
    new AppError(
      'invalid_input',
      `${path} cannot be a workspace, because it ${why}: choose one project's folder, for example ${home}/projects/name`,
    );
  checkPathText(path);
  if (!isAbsolute(path)) throw refuse('is not an absolute path');

  const resolved = await realpath(path).catch((error: unknown) => {
    const known = asAppError(error, path);
    throw known instanceof AppError ? refuse(known.code === 'not_found' ? 'does not exist' : 'cannot be opened') : known;
  });
  const folder = await stat(resolved, { bigint: true });
  if (!folder.isDirectory()) throw refuse('is not a folder');

  const realHome = await realpath(home).catch(() => home);
  // SECURITY: by identity too, so that a bind mount of a refused folder is refused.
  if ((await lookUpProtected(protectedPaths)).contains(resolved, folder)) throw refuse("is or lies in the gateway's own folder");
  if (await holdsProtected(protectedPaths, resolved, folder)) throw refuse("holds the gateway's own folder");
  for (const own of new Set([home, realHome])) {
    if (resolved === own) throw refuse('is your home folder itself');
    if (isWithin(own, resolved)) throw refuse('holds your home folder');
    if (secretFolders.some((name) => isWithin(resolved, `${own}/${name}`))) throw refuse('is where programs keep keys');
    if (broadFolders.some((name) => resolved === `${own}/${name}`)) throw refuse("holds other programs' settings and data");
  }
  if (systemFolders.includes(resolved)) throw refuse('is a system folder');
  const isBelowHome = realHome !== '/' && isWithin(resolved, realHome);
  const isOpen = openTrees.some((tree) => resolved !== tree && isWithin(resolved, tree));
  if (!isBelowHome && !isOpen && systemTrees.some((tree) => isWithin(resolved, tree))) throw refuse('is a system folder');
  return resolved;
};
