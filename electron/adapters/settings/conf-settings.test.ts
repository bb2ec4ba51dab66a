import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConfSettings, type ConfStore } from './conf-settings.ts';

describe('settings.json', () => {
  let dataDir: string;
  let file: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-settings-'));
    file = join(dataDir, 'settings.json');
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const start = (text?: string) => {
    if (text !== undefined) writeFileSync(file, text, { mode: 0o600 });
    const settings = createConfSettings({ dataDir });
    settings.start();
    return settings;
  };

  it('answers defaults without a file, and writes only what was set', () => {
    const settings = start();
    expect(settings.read().server.port).toBe(9876);
    expect(settings.set('server.port', 12345)).toEqual({ before: 9876, after: 12345 });
    expect(settings.read().server.port).toBe(12345);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ server: { port: 12345 } });
    expect(start().read().server.port).toBe(12345);
  });

  it('F78: is written 0600 whatever the umask, and a looser file is mended and reported', () => {
    const umask = process.umask(0);
    try {
      start().set('approvals.timeout_s', 60);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(umask);
    }
    chmodSync(file, 0o644);
    const repaired: [string, number][] = [];
    const settings = createConfSettings({ dataDir, onRepaired: (path, mode) => repaired.push([path, mode]) });
    settings.start();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(repaired).toEqual([[file, 0o644]]);
    settings.set('approvals.timeout_s', 61);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['{"server":{"port":"9876"}}', 'server.port'],
    ['{"server":{"prot":1}}', 'server.prot: unknown key'],
    ['{"colour":"red"}', 'colour: unknown key'],
    ['{"approvals":{"timeout_s":0}}', 'approvals.timeout_s'],
    ['{\n "server": {\n  "port": 1,\n }\n}', 'line 4'],
    ['{"server":{"port":1,"port":2}}', 'twice'],
    ['', 'too early'],
    ['[]', 'one JSON object'],
    ['\ufeff{}', 'byte order mark'],
    ['{"__proto__":{"x":1}}', '__proto__'],
  ])('refuses %j at start, naming what is wrong', (text, expected) => {
    expect(() => start(text)).toThrow(expected);
    expect(() => start(text)).toThrow(file);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('names the key of a value that is refused, and changes nothing', () => {
    const settings = start('{"server":{"port":4000}}');
    expect(() => settings.set('server.port', 70_000)).toThrow('server.port');
    expect(() => settings.set('server.nope', 1)).toThrow('server.nope');
    for (const key of ['__proto__.x', 'constructor', 'server', 'server.port.x', ''])
      expect(() => settings.set(key, 1)).toThrow('no setting');
    expect(settings.read().server.port).toBe(4000);
    expect(readFileSync(file, 'utf8')).toBe('{"server":{"port":4000}}');
  });

  it('does not follow a file that another program changes, and refuses to overwrite it', () => {
    const settings = start('{}');
    writeFileSync(file, '{"server":{"allowed_origins":["https://evil.test"]}}');
    expect(settings.read().server.allowed_origins).toEqual([]);
    expect(() => settings.set('server.port', 4001)).toThrow('changed by another program');
    expect(settings.read().server.port).toBe(9876);
  });

  it('refuses a link', () => {
    const elsewhere = join(dataDir, 'elsewhere.json');
    writeFileSync(elsewhere, '{}', { mode: 0o600 });
    symlinkSync(elsewhere, file);
    expect(() => start()).toThrow('not a plain file');
  });

  it('works over a store that the host opens', () => {
    const kept: ConfStore = { path: file, store: { server: { port: 5000 } } };
    const names: string[] = [];
    const settings = createConfSettings({
      dataDir,
      openStore: (options) => {
        names.push(`${options.directory}/${options.name} ${options.fileMode.toString(8)}`);
        return kept;
      },
    });
    settings.start();
    settings.set('server.port', 5001);
    expect(kept.store).toEqual({ server: { port: 5001 } });
    expect(names).toEqual([`${dataDir}/settings 600`]);
  });
});
