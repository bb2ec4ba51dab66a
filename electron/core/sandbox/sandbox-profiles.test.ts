import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandboxProfiles } from './sandbox-profiles.ts';

const shipped = fileURLToPath(new URL('../../../resources/sandbox/profiles', import.meta.url));

describe('sandbox profiles', () => {
  let own: string;
  beforeEach(() => {
    own = join(mkdtempSync(join(tmpdir(), 'profiles-')), 'sandbox');
    mkdirSync(own);
  });
  afterEach(() => rmSync(join(own, '..'), { recursive: true }));

  const load = async (files: Record<string, string> = {}) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
    const profiles = createSandboxProfiles({ folders: [shipped, own] });
    await profiles.start();
    return profiles;
  };

  it('F59: ships two, without network, the second of which cannot write', async () => {
    const profiles = await load();
    expect(profiles.problems()).toEqual([]);
    expect(profiles.list().map(({ name }) => name)).toEqual(['default', 'read-only']);
    expect(profiles.get('default')).toMatchObject({ workspace: 'write', network: 'none', local_sockets: false, home: 'cache' });
    expect(profiles.get('read-only')).toMatchObject({ workspace: 'read', network: 'none', local_sockets: false, home: 'empty' });
  });

  it('knows none before it has read them, and does without a folder that is missing', async () => {
    expect(createSandboxProfiles({ folders: [shipped] }).get('default')).toBeNull();
    const none = createSandboxProfiles({ folders: [join(own, 'missing')] });
    await none.start();
    expect(none.list()).toEqual([]);
  });

  it('takes a file of the operator’s, also in place of a shipped one', async () => {
    const profiles = await load({
      'builds.yaml':
        'name: builds\ndescription: For builds.\nnetwork:\n  domains: [registry.example.com, "*.example.org:8443"]\n  intercept: [registry.example.com:443]\nreads: [~/sdk]\n',
      'default.yaml': 'name: default\ndescription: Smaller.\nlimits: { memory_mb: 512 }\n',
    });
    expect(profiles.problems()).toEqual([]);
    expect(profiles.get('builds')).toMatchObject({
      network: { domains: ['registry.example.com', '*.example.org:8443'], intercept: ['registry.example.com:443'] },
      reads: ['~/sdk'],
    });
    expect(profiles.get('default')).toMatchObject({ description: 'Smaller.', limits: { memory_mb: 512, processes: 512 } });
  });

  it.each([
    ['an unknown key', 'name: x\ndescription: d\nwrites: [/etc]\n', 3, 'unknown key `writes`'],
    ['a doubled key', 'name: x\ndescription: d\nnetwork: none\nnetwork: none\n', 4, 'unique'],
    ['an alias', 'name: x\ndescription: &a d\nreads: [*a]\n', 2, 'aliases'],
    ['a value out of range', 'name: x\ndescription: d\nlimits:\n  processes: 0\n', 4, ''],
    ['a host that is none', 'name: x\ndescription: d\nnetwork:\n  domains:\n    - "*"\n', 5, 'host name'],
    ['no host at all', 'name: x\ndescription: d\nnetwork: { domains: [] }\n', 3, ''],
    [
      'a host to open that is not on the list',
      'name: x\ndescription: d\nnetwork:\n  domains: [a.test]\n  intercept:\n    - b.test\n',
      6,
      'b.test is not within `domains`',
    ],
    ['another name than its file’s', '\nname: y\ndescription: d\n', 2, 'x.yaml'],
    ['nothing', '', 1, 'empty'],
    ['no YAML', 'name: [x\n', 2, ''],
  ])('refuses %s, with file and line', async (_what, text, line, message) => {
    const profiles = await load({ 'x.yaml': text });
    expect(profiles.get('x')).toBeNull();
    expect(profiles.get('y')).toBeNull();
    expect(profiles.problems()[0]).toMatchObject({ file: join(own, 'x.yaml'), line, message: expect.stringContaining(message) as string });
    expect(profiles.get('default')).not.toBeNull();
  });

  it('F59: lets no file loosen what rules rely on, nor fall back to the shipped one unseen', async () => {
    for (const [name, line] of [
      ['read-only', 'workspace: write'],
      ['read-only', 'workspace: read\nnetwork: { domains: [example.com] }'],
      ['default', 'local_sockets: true'],
      ['default', 'network: { domains: [example.com] }'],
    ] as const) {
      const profiles = await load({ [`${name}.yaml`]: `name: ${name}\ndescription: d\n${line}\n` });
      expect(profiles.get(name), line).toBeNull();
      expect(profiles.problems()).toHaveLength(1);
      rmSync(join(own, `${name}.yaml`));
    }
  });

  it('keeps the last good version of a file that breaks, and nothing of one that goes', async () => {
    const profiles = await load({
      'default.yaml': 'name: default\ndescription: Smaller.\nlimits: { memory_mb: 512 }\n',
      'builds.yaml': 'name: builds\ndescription: For builds.\n',
    });
    writeFileSync(join(own, 'default.yaml'), 'name: default\ndescription: Larger.\nlimit: { memory_mb: 4096 }\n');
    rmSync(join(own, 'builds.yaml'));
    const found = await profiles.read();
    // Nothing is in force by being found.
    expect(profiles.get('builds')).not.toBeNull();
    found.apply();
    expect(profiles.get('default')).toMatchObject({ description: 'Smaller.', limits: { memory_mb: 512 } });
    expect(profiles.get('builds')).toBeNull();
    expect(profiles.problems()).toMatchObject([{ file: join(own, 'default.yaml'), line: 3 }]);
    expect(found.versions).toEqual({ default: 'broken' });
  });
});
