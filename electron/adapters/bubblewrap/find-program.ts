import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Looks programs up in the absolute folders of a PATH; null when there is none. */
export const createFindProgram =
  (path: string) =>
  async (name: string): Promise<string | null> => {
    for (const folder of path.split(':').filter((each) => each.startsWith('/'))) {
      const candidate = join(folder, name);
      const isProgram = await access(candidate, constants.X_OK).then(
        async () => (await stat(candidate)).isFile(),
        () => false,
      );
      if (isProgram) return candidate;
    }
    return null;
  };
