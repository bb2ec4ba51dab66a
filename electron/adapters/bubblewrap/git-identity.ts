import type { Runner } from '../../core/ports/runner.ts';

export interface GitIdentityDeps {
  readonly runner: Runner;
  readonly findProgram: (name: string) => Promise<string | null>;
  readonly home: string;
}

/** The operator's name and e-mail address as git knows them; null where it does not. Nothing else of git's settings is read. */
export const readGitIdentity = async ({
  runner,
  findProgram,
  home,
}: GitIdentityDeps): Promise<{ name: string | null; email: string | null }> => {
  const git = await findProgram('git');
  if (git === null) return { name: null, email: null };
  const get = async (key: string): Promise<string | null> => {
    const options = { env: { HOME: home, LC_ALL: 'C' }, cwd: '/', descriptors: [], tty: false, timeoutMs: 3000, outputLimit: 1000 };
    const argv = [git, 'config', '--global', '--get', key];
    const result = await runner.run({ argv, ...options }, new AbortController().signal).catch(() => null);
    const value = result?.output.trim() ?? '';
    return result?.exit.kind === 'exited' && result.exit.code === 0 && value !== '' ? value : null;
  };
  return { name: await get('user.name'), email: await get('user.email') };
};
