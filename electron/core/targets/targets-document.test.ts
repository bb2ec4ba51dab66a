import { describe, expect, it } from 'vitest';
import { scopes } from '../../../shared/domain/identity.ts';
import { readTargets } from './targets-document.ts';

/** As the TailOpsMCP security advisory prints it, its comments and quotation marks included. */
const documentsExample = `# In targets.yaml - restrict capabilities per target
targets:
  production-web:
    id: "production-web"
    capabilities:
      - "system:read"
      - "container:read"
    # No write capabilities for production

  development-web:
    id: "development-web"
    capabilities:
      - "system:read"
      - "system:write"
      - "container:read"
      - "container:write"
    # Allow write operations in development
`;

const tools = ['bash', 'system_status', 'install_package'];
const problems = (text: string): string[] =>
  readTargets(text, tools).problems.map(({ line, message }) => `${line?.toString() ?? '?'}: ${message}`);
const entry = (more: string): string => `targets:\n  web:\n    capabilities: [system:read]\n${more}`;

describe('targets.yaml', () => {
  it('F34: loads the example of the document as it stands, and is more than nothing', () => {
    const read = readTargets(documentsExample, tools);
    expect(read.ok && read.targets.map(({ id, type, capabilities }) => ({ id, type, capabilities }))).toEqual([
      { id: 'production-web', type: 'ssh', capabilities: ['system:read', 'container:read'] },
      { id: 'development-web', type: 'ssh', capabilities: ['system:read', 'system:write', 'container:read', 'container:write'] },
    ]);
  });

  it('F34: takes every key', () => {
    const read = readTargets(
      `version: 1
targets:
  local:
    name: This laptop
    capabilities: [readonly, bash:exec]
  web:
    id: web
    name: Web server
    description: Serves the site.
    type: ssh
    host: { address: web.example.com, port: 2222, user: ops }
    platform: generic
    metadata: { tier: production }
    capabilities: [admin]
    constraints:
      timeout_s: 30
      concurrency: 2
      sudo: ask
      require_approval: [high, install_package]
      maintenance_windows:
        - { days: [sat, sun], from: '22:00', to: '04:00', zone: Europe/Berlin }
`,
      tools,
    );
    expect(read.problems).toEqual([]);
    const [local, web] = read.ok ? read.targets : [];
    expect(local).toMatchObject({ type: 'local', constraints: { sudo: 'never', require_approval: false, maintenance_windows: [] } });
    expect(local?.capabilities).toContain('file:read');
    expect(local?.capabilities).not.toContain('file:write');
    expect(web?.capabilities).toEqual([...scopes]);
    expect(web).toMatchObject({ host: { port: 2222 }, metadata: { tier: 'production' }, constraints: { sudo: 'ask', concurrency: 2 } });
  });

  it.each([
    [
      'targts: {}\n',
      [
        '1: Invalid input: expected record, received undefined',
        '1: unknown key `targts`; did you mean `targets`?; known here are version, targets',
      ],
    ],
    [entry('    capabilites: []\n'), ['4: unknown key `capabilites`; did you mean `capabilities`?']],
    [entry('    constraints:\n      time_out_s: 2\n'), ['5: unknown key `time_out_s`; did you mean `timeout_s`?']],
    [entry('    constraints:\n      sudo: maybe\n'), ['5: Invalid option']],
    [entry('    constraints:\n      timeout_s: 0\n'), ['5: Too small']],
    [entry('    constraints:\n      require_approval: [hgih]\n'), ['5: `hgih` is neither a tool nor a risk']],
    [
      entry("    constraints:\n      maintenance_windows:\n        - { form: '01:00', to: '02:00' }\n"),
      ['6: Invalid input', '6: unknown key `form`; did you mean `from`?'],
    ],
    [
      entry("    constraints:\n      maintenance_windows:\n        - { from: '01:00', to: '02:00', zone: Mars/North }\n"),
      ['6: there is no time zone'],
    ],
    [entry('    id: wep\n'), ['4: the id is `wep`, but the entry is called `web`']],
    [entry('    type: local\n    host: { address: a.example }\n'), ['5: a target of type local']],
    [entry('  web:\n    capabilities: []\n'), ['4: Map keys must be unique']],
    ['targets:\n  web:\n    capabilities: [container:raed]\n', ['3: "container:raed" is not a scope']],
    ['targets:\n  web:\n    capabilities: [system:read, system:read]\n', ['3: `system:read` stands here twice']],
    ['targets:\n  local:\n    type: ssh\n    capabilities: []\n', ['3: the target called local is this machine']],
    ['targets:\n  Web Server:\n    capabilities: []\n', ['2: "Web Server" is no target’s id']],
    ['', ['1: the file is empty; it needs `targets:`']],
  ])('F34: names the line of each mistake: %j', (text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(found[index]).toContain(start);
  });

  it('F34: suggests the scope that was meant', () => {
    expect(problems('targets:\n  web:\n    capabilities: [container:raed]\n')[0]).toContain('did you mean `container:read`?');
  });
});
