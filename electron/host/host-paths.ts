import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where the built host finds its neighbours; the same in a checkout and in a package. */
export const hostPaths = {
  root: at('../../..'),
  entry: at('./main.js'),
  renderer: at('../../renderer'),
  resources: at('../../../resources'),
  icon: at('../../../resources/icons/256x256.png'),
  noticeIcon: at('../../../resources/icons/64x64.png'),
} as const;
