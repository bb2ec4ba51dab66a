import type { Risk, Scope } from '../../shared/domain/identity.ts';
import type { JsonObject } from '../../shared/json.ts';
import { createPolicy } from '../core/policy/create-policy.ts';
import { createShellParser } from '../core/policy/create-shell-parser.ts';
import { policyVersion } from '../core/policy/policy-version.ts';
import type { Policy, PolicyInput } from '../core/policy/policy.ts';
import type { ShellParser } from '../core/policy/shell-parser.ts';
import { textualInput } from '../core/policy/textual-input.ts';
import { createFakeClock } from './fake-clock.ts';

const TOOLS: ReadonlyMap<string, { readonly risk: Risk; readonly scope: Scope }> = new Map([
  ['file_read', { risk: 'low', scope: 'file:read' }],
  ['file_write', { risk: 'moderate', scope: 'file:write' }],
  ['bash', { risk: 'high', scope: 'bash:exec' }],
  ['call', { risk: 'moderate', scope: 'system:write' }],
  ['erase', { risk: 'critical', scope: 'system:admin' }],
]);

export const knownTool = (name: string): { readonly risk: Risk; readonly scope: Scope } | null => TOOLS.get(name) ?? null;

/** A policy over a text in memory, as tests of rules need it. The profile `net` reaches `*.example.com` and `api.test`. */
export async function policyOf(text: string): Promise<Policy & { readonly shell: ShellParser }> {
  const shell = createShellParser();
  await shell.start();
  const policy = createPolicy({
    file: {
      path: '/data/policy.yaml',
      read: () => Promise.resolve(text),
      version: () => Promise.resolve(policyVersion(text)),
      write: () => Promise.resolve(),
      watch: () => () => undefined,
    },
    clock: createFakeClock(),
    tools: knownTool,
    shell,
    home: '/home/op',
    profileHosts: (name) => (name === 'net' ? ['*.example.com', 'api.test'] : []),
    onEvent: () => undefined,
  });
  await policy.start();
  return { ...policy, shell };
}

export const rulesFile = (...rules: readonly string[]): string => `version: 1\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;

/** A call by `robin` in /w, on a Monday at noon UTC. */
export const callInput = (shell: ShellParser, tool: string, args: JsonObject, more: Partial<PolicyInput> = {}): PolicyInput => ({
  ...textualInput(
    { tool, args, agent: 'robin', target: 'local', workspace: '/w', now: Date.parse('2026-01-05T12:00:00Z') },
    knownTool(tool) ?? { risk: 'critical', scope: 'system:admin' },
    shell,
  ),
  ...more,
});
