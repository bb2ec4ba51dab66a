import type { Risk, Scope } from '../../shared/domain/identity.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { PolicyInput } from '../../electron/core/policy/policy.ts';
import type { ShellParser } from '../../electron/core/policy/shell-parser.ts';
import { textualInput } from '../../electron/core/policy/textual-input.ts';

const TOOLS: ReadonlyMap<string, { readonly risk: Risk; readonly scope: Scope }> = new Map([
  ['file_read', { risk: 'low', scope: 'file:read' }],
  ['file_list', { risk: 'low', scope: 'file:read' }],
  ['file_search', { risk: 'low', scope: 'file:read' }],
  ['file_write', { risk: 'moderate', scope: 'file:write' }],
  ['file_edit', { risk: 'moderate', scope: 'file:write' }],
  ['job_list', { risk: 'low', scope: 'bash:exec' }],
  ['job_output', { risk: 'low', scope: 'bash:exec' }],
  ['job_stop', { risk: 'low', scope: 'bash:exec' }],
  ['bash', { risk: 'high', scope: 'bash:exec' }],
  ['restart_service', { risk: 'high', scope: 'system:write' }],
]);

export const benchTool = (name: string): { readonly risk: Risk; readonly scope: Scope } | null => TOOLS.get(name) ?? null;

const COMMANDS = [
  'npm test',
  'git status --short && git diff --stat | head -20',
  "grep -rn 'createServer' src | sort -u | wc -l",
  'npm run build && ls -l dist',
  'python3 scripts/report.py --from 2026-01-01 > report.txt',
  'for f in src/*.ts; do wc -l "$f"; done',
  'curl -sS https://registry.example.com/x | head -5',
  'git commit -am "a change" && git push origin main',
];

/** The calls of a working day, over and over: `count` of them, with what policy sees of each. */
export function benchCalls(
  shell: ShellParser,
  count: number,
): { readonly tool: string; readonly args: JsonObject; readonly input: PolicyInput }[] {
  const kinds = [
    ...COMMANDS.map((command) => ({ tool: 'bash', args: { command } })),
    { tool: 'file_read', args: { path: 'src/main.ts' } },
    { tool: 'file_edit', args: { path: 'src/main.ts', old_text: 'a', new_text: 'b' } },
    { tool: 'file_write', args: { path: 'docs/notes.md', content: 'x'.repeat(2000) } },
    { tool: 'restart_service', args: { service: 'svc-12-web', retries: 3 } },
  ].map(({ tool, args }) => {
    const known = benchTool(tool);
    if (known === null) throw new Error(`There is no ${tool}.`);
    return { tool, args, input: textualInput({ tool, args, agent: 'robin', target: 'local', workspace: '/w', now: 0 }, known, shell) };
  });
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length];
    if (kind === undefined) throw new Error('There are no calls.');
    // A call every seven seconds, from two agents.
    return { ...kind, input: { ...kind.input, agent: index % 3 === 0 ? 'robin' : 'claude-code', now: 1_767_600_000_000 + index * 7000 } };
  });
}
