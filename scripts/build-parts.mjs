// The three builders behind build.mjs. Each leaves the old output in place until the new one is whole.
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { build } from 'vite';
import { inRoot, ROOT } from './paths.mjs';
import { filesBelow } from './sources.mjs';
import { writeAtomically } from './stamps.mjs';

/** Every builder takes the sources that belong to its part, relative to the checkout. */
export const PARTS = { node: buildNode, preload: buildPreload, renderer: buildRenderer };

const COMPILER_OPTIONS = {
  // Node 20 is the oldest that the main process must run on (the fallback runtime of development).
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  inlineSourceMap: true,
  inlineSources: false,
};

function buildNode(files) {
  const sources = files.filter((file) => /\.ts$/.test(file) && !file.endsWith('.d.ts'));
  const wanted = new Set();
  for (const source of sources) {
    const output = `dist/${source.replace(/\.ts$/, '.js')}`;
    wanted.add(output);
    writeIfChanged(output, transpile(source));
  }
  const isOurs = (file) => !file.startsWith('dist/electron/preload/');
  const outdated = [...filesBelow('dist/electron'), ...filesBelow('dist/shared')].filter((file) => isOurs(file) && !wanted.has(file));
  for (const file of outdated) rmSync(inRoot(file), { force: true });
}

function transpile(source) {
  const { outputText, diagnostics = [] } = ts.transpileModule(readFileSync(inRoot(source), 'utf8'), {
    fileName: inRoot(source),
    compilerOptions: COMPILER_OPTIONS,
    reportDiagnostics: true,
  });
  const errors = diagnostics.filter(({ category }) => category === ts.DiagnosticCategory.Error);
  if (errors.length > 0)
    throw new Error(
      ts.formatDiagnostics(errors, { getCurrentDirectory: () => ROOT, getCanonicalFileName: (name) => name, getNewLine: () => '\n' }),
    );
  return outputText;
}

function writeIfChanged(output, text) {
  const path = inRoot(output);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeAtomically(path, text);
}

async function buildPreload(files) {
  const entries = files.filter((file) => /^electron\/preload\/[^/]+\.ts$/.test(file) && !file.endsWith('.d.ts'));
  const wanted = entries.map((entry) => `dist/electron/preload/${basename(entry, '.ts')}.cjs`);
  for (const entry of entries) await bundlePreload(entry);
  for (const file of filesBelow('dist/electron/preload')) if (!wanted.includes(file)) rmSync(inRoot(file), { force: true });
}

const bundlePreload = (entry) =>
  build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      target: 'chrome130',
      outDir: inRoot('dist/electron/preload'),
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: inRoot(entry),
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  });

async function buildRenderer() {
  const pages = ['renderer/index.html', 'renderer/approval.html'].filter((page) => existsSync(inRoot(page)));
  if (pages.length === 0) return;
  const fresh = inRoot('dist/renderer.new');
  const old = inRoot('dist/renderer.old');
  const served = inRoot('dist/renderer');
  await build({ root: inRoot('renderer'), configFile: inRoot('vite.config.ts'), logLevel: 'warn', build: { outDir: fresh } });
  rmSync(old, { recursive: true, force: true });
  if (existsSync(served)) renameSync(served, old);
  renameSync(fresh, served);
  rmSync(old, { recursive: true, force: true });
}
