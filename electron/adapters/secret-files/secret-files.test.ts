import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSecretFiles } from './secret-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secrets = createSecretFiles({ NAME: 'from-the-environment', EMPTY: '', LINES: 'a\nb' });

it('reads a private file, without its last line end, and a variable', async () => {
  writeFileSync(join(folder, 's'), 'secret\n', { mode: 0o600 });
  expect(await secrets.read(join(folder, 's'))).toEqual({ ok: true, value: 'secret' });
  expect(await secrets.read('env:NAME')).toEqual({ ok: true, value: 'from-the-environment' });
});

it.each([0o640, 0o604, 0o620, 0o666])('refuses a file of mode %o, and says how to mend it', async (mode) => {
  const path = join(folder, 's');
  writeFileSync(path, 'secret');
  chmodSync(path, mode);
  const found = await secrets.read(path);
  expect(found).toMatchObject({ ok: false, why: expect.stringContaining(`chmod 600 ${path}`) as string });
  expect(JSON.stringify(found)).not.toContain('"secret"');
});

it('refuses links, folders, what is absent, relative, empty, long or more than a line', async () => {
  writeFileSync(join(folder, 's'), 'secret', { mode: 0o600 });
  symlinkSync(join(folder, 's'), join(folder, 'link'));
  writeFileSync(join(folder, 'empty'), '', { mode: 0o600 });
  writeFileSync(join(folder, 'long'), 'x'.repeat(5000), { mode: 0o600 });
  writeFileSync(join(folder, 'lines'), 'a\nb\n', { mode: 0o600 });
  const bad = ['link', '.', 'absent', 'empty', 'long', 'lines'].map((name) => join(folder, name));
  for (const reference of [...bad, 's', '', 'env:', 'env:NO SUCH', 'env:ABSENT', 'env:EMPTY', 'env:LINES'])
    expect(await secrets.read(reference)).toMatchObject({ ok: false });
});

it('makes a secret once, 0600', async () => {
  const path = join(folder, 'own');
  await secrets.ensure(path);
  const first = readFileSync(path, 'utf8');
  expect(first).toMatch(/^[0-9a-f]{64}\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await secrets.ensure(path);
  expect(readFileSync(path, 'utf8')).toBe(first);
});
