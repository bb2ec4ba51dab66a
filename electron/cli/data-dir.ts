import { join, resolve } from 'node:path';

/** The data directory, absolute: the option, else GATEHOUSE_DATA_DIR, else $XDG_DATA_HOME/gatehouse, else ~/.local/share/gatehouse. */
export function findDataDir(
  option: string | undefined,
  { env, home, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly home: string; readonly cwd: string },
): string {
  const named = option ?? given(env['GATEHOUSE_DATA_DIR']);
  if (named !== undefined) return resolve(cwd, named);
  return resolve(cwd, given(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'), 'gatehouse');
}

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
