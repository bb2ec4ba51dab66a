import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from './lock.mjs';
import { CACHE } from './paths.mjs';

const nameFor = (purpose: string): string => `test-${purpose}-${process.pid}`;

test('work under one name never overlaps', async () => {
  const seen: string[] = [];
  const work = async (name: string): Promise<void> => {
    seen.push(`${name} in`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    seen.push(`${name} out`);
  };
  await Promise.all([withLock(nameFor('turns'), () => work('a')), withLock(nameFor('turns'), () => work('b'))]);
  expect(seen).toEqual(['a in', 'a out', 'b in', 'b out']);
});

test('a lock whose holder has died is taken over', async () => {
  const name = nameFor('dead');
  const file = join(CACHE, `${name}.lock`);
  const { pid } = spawnSync('true');
  await withLock(name, async () => Promise.resolve());
  writeFileSync(file, String(pid));
  expect(await withLock(name, () => Promise.resolve(readFileSync(file, 'utf8')))).toBe(String(process.pid));
  expect(existsSync(file)).toBe(false);
});
