// What an Electron without an application of its own runs: it starts the application named on the command line.
// Runs inside the fallback runtime as resources/default_app.asar/main.mjs. Top-level await holds back `ready` until the application has loaded.
import { app } from 'electron';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { preloads, target } = parse(process.argv.slice(1));
process.defaultApp = true;

for (const preload of preloads) createRequire(join(process.cwd(), 'x'))(preload);
if (target === null) {
  console.error('usage: electron [-r MODULE] PATH [ARGUMENT…]');
  app.exit(2);
} else {
  await import(pathToFileURL(entryOf(resolve(target))).href);
}

function parse(argv) {
  const preloads = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at];
    if (argument === '-r' || argument === '--require') preloads.push(argv[(at += 1)]);
    else if (!argument.startsWith('-')) return { preloads, target: argument };
  }
  return { preloads, target: null };
}

function entryOf(path) {
  if (!statSync(path).isDirectory()) {
    app.setAppPath(dirname(path));
    return path;
  }
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  if (manifest.productName ?? manifest.name) app.setName(manifest.productName ?? manifest.name);
  if (manifest.version) app.setVersion(manifest.version);
  if (manifest.desktopName) app.setDesktopName(manifest.desktopName);
  app.setAppPath(path);
  return join(path, manifest.main ?? 'index.js');
}
