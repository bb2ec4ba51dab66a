import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const LOCKFILES = ['package-lock.json', 'scripts/agents/package-lock.json'];
const packagesOf = (file: string) =>
  Object.entries((JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }).packages).filter(([path]) => path !== '');

test.each(LOCKFILES)('%s names no server, and pins every package by its digest', (file) => {
  const packages = packagesOf(file);
  expect(packages.length).toBeGreaterThan(0);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(packages.filter(([, { integrity }]) => integrity === undefined || !integrity.startsWith('sha512-')).map(([path]) => path)).toEqual(
    [],
  );
});

test.each(LOCKFILES)('%s is whole: npm ci refuses one that leaves out the packages of other platforms', (file) => {
  const packages = packagesOf(file);
  const names = new Set(packages.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)));
  const absent = packages.flatMap(([, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !names.has(name)),
  );
  expect(absent).toEqual([]);
});
