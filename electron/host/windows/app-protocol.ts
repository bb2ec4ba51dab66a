import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** The pages' own scheme. A page from it has a real origin and real headers, which a page from file:// has not. */
export const consoleScheme = 'gatehouse';
export const consoleOrigin = 'gatehouse://console';

/** SECURITY: what Chromium grants the scheme: an origin, a secure context, fetch. No service workers, no bypass of the CSP, no CORS. */
export const schemePrivileges = { standard: true, secure: true, supportFetchAPI: true } as const;

const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

// SECURITY: nothing is allowed but what the pages are made of. Text from agents that ended up as markup could load, run and send nothing.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), bluetooth=(), midi=(), payment=()',
  'cache-control': 'no-store',
};

/**
 * Answers requests for the built pages. The folder is listed once: an address either is one of its files or does not exist, so that no
 * spelling of a path leads anywhere else. Errors: throws when the folder cannot be read.
 * @param rendererDir the folder of index.html and approval.html
 */
export function createConsoleResponder(rendererDir: string): (request: Request) => Promise<Response> {
  const files = new Map(listFiles(rendererDir, '').map((path) => [path, join(rendererDir, path)]));
  return async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'console' || (request.method !== 'GET' && request.method !== 'HEAD'))
      return refused(url.host === 'console' ? 405 : 404);
    const path = url.pathname === '/' ? 'index.html' : url.pathname.slice(1);
    const file = files.get(path);
    const type = mimeTypes[extname(path)];
    if (file === undefined || type === undefined) return refused(404);
    const body = request.method === 'HEAD' ? null : new Uint8Array(await readFile(file));
    return new Response(body, { status: 200, headers: { ...headers, 'content-type': type } });
  };
}

const refused = (status: number): Response => new Response(null, { status, headers });

function listFiles(root: string, below: string): string[] {
  // SECURITY: links are neither files nor folders here, so they are not served.
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}
