import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';

export interface ConsoleFile {
  readonly body: Buffer;
  readonly type: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
};
const totalLimit = 64 * 1024 * 1024;

/**
 * The built pages, read once, by the exact path that a request must name: no path is ever put together from what a peer sends.
 * Errors: `unavailable` when they are not built.
 */
export function readConsoleFiles(rendererDir: string): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  let total = 0;
  const walk = (folder: string, prefix: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const type = types[extname(entry.name)];
      if (entry.isDirectory()) walk(path, `${prefix}${entry.name}/`);
      // The approval window is the desktop's; the console decides in its own list.
      else if (entry.isFile() && type !== undefined && entry.name !== 'approval.html') {
        const body = readFileSync(path);
        total += body.length;
        if (total > totalLimit) throw new AppError('unavailable', `${rendererDir} holds more than the console's pages.`);
        files.set(`${prefix}${entry.name}`, { body, type });
      }
    }
  };
  try {
    walk(rendererDir, '/');
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('unavailable', `The console's pages in ${rendererDir} cannot be read. Build them: npm run build`, { cause });
  }
  const index = files.get('/index.html');
  if (index === undefined) throw new AppError('unavailable', `The console's pages are not in ${rendererDir}. Build them: npm run build`);
  files.set('/', index);
  return files;
}
