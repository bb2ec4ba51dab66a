import { resolve } from 'node:path';
import type { MintRequest } from '../../../shared/contract/contract.ts';
import { ClientKind, type ConnectPlan } from '../../../shared/domain/host.ts';
import { RequestedScope } from '../../../shared/domain/identity.ts';
import { lines, shown, type Shown } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb, VerbContext } from '../verb.ts';

const modes = ['plan', 'apply', 'undo'] as const;
const usualScopes = 'file:read,file:write,bash:exec';
const usualLife = '30d';

/** Connecting an agent program. */
export const connectVerbs: readonly Verb[] = [
  {
    name: 'connect',
    about: `point an agent program at the gateway: ${ClientKind.options.join(', ')}`,
    words: ['CLIENT'],
    options: {
      plan: { type: 'boolean', about: 'show what would change (the default)' },
      apply: { type: 'boolean', about: 'mint a token and make the change; what was there is kept' },
      undo: { type: 'boolean', about: 'put back what was there' },
      'keep-own-tools': { type: 'boolean', about: 'leave the program’s own shell, edit and fetch tools on: they run outside the sandbox' },
      workspace: { type: 'string', multiple: true, value: 'DIR', about: 'a folder that the agent may work in' },
      agent: { type: 'string', value: 'NAME', about: 'the name that it goes by (the program’s)' },
      scopes: { type: 'string', value: 'A,B', about: `what it may do (${usualScopes})` },
      ttl: { type: 'string', value: '30d|12h|15m', about: `how long its token is good (${usualLife})` },
    },
    async run(context) {
      const { options, words, out, host } = context;
      const kind = ClientKind.safeParse(words[0]);
      if (!kind.success) throw new UsageError(`There is no client "${words[0] ?? ''}". The clients are: ${ClientKind.options.join(', ')}.`);
      const chosen = modes.filter((mode) => options.flag(mode));
      if (chosen.length > 1) throw new UsageError('Give one of --plan, --apply and --undo.');
      if (chosen[0] === 'undo') {
        const answer = await host.invoke('clients.undo', { kind: kind.data });
        out.document(answer, () =>
          shown(answer.restored.length === 0 ? 'There was nothing to put back.' : `Put back: ${answer.restored.join(', ')}`),
        );
        return 0;
      }
      const mint = chosen[0] === 'apply' ? mintRequest(context, kind.data) : null;
      const plan = await host.invoke('clients.plan', { kind: kind.data, disable_own_tools: !options.flag('keep-own-tools') });
      if (mint === null) {
        out.document(plan, () => describe(plan));
        return 0;
      }
      const answer = await host.invoke('clients.connect', { plan, mint });
      // A program without files to write takes the token by hand.
      const byHand = plan.files.length === 0 ? [describe(plan), shown(`GATEHOUSE_TOKEN=${answer.token.token}`)] : [];
      const done = [
        ...plan.files.map(({ path }) => `Wrote ${path}`),
        ...answer.backups.map((path) => `Kept ${path}`),
        `Token ${answer.token.id}, good until ${answer.token.expires_at}.`,
      ];
      out.document(answer, () => lines([...byHand, ...done.map(shown)]));
      return 0;
    },
  },
];

function mintRequest({ options, world }: VerbContext, kind: ClientKind): MintRequest {
  const workspaces = options.list('workspace').map((path) => resolve(world.cwd, path));
  if (workspaces.length === 0) throw new UsageError('Name at least one --workspace: without one the agent can use no file tool.');
  const scopes = (options.text('scopes') ?? usualScopes).split(',').map((text) => {
    const scope = RequestedScope.safeParse(text.trim());
    if (!scope.success) throw new UsageError(`--scopes: there is no scope "${text.trim()}".`);
    return scope.data;
  });
  return { agent: options.text('agent') ?? kind, scopes, ttl: options.text('ttl') ?? usualLife, workspaces, targets: [] };
}

function describe(plan: ConnectPlan): Shown {
  const files = plan.files.flatMap(({ path, before, after, backup }) => [
    `${before === null ? 'New file' : 'Changed file'} ${path}${backup === null ? '' : ` (the old one is kept as ${backup})`}:`,
    ...indented(after),
  ]);
  const byHand = plan.commands.flatMap(({ label, command }) => [`${label}:`, ...indented(command)]);
  const all = [
    plan.title,
    '',
    ...files,
    ...(byHand.length === 0 ? [] : ['', 'By hand:', ...byHand]),
    ...plan.notes.map((note) => `Note: ${note}`),
  ];
  return lines(all.map(shown));
}

/** Lines that a person copies stay lines: each is encoded by itself. */
const indented = (text: string): string[] =>
  text
    .replace(/\n$/u, '')
    .split('\n')
    .map((line) => `  ${line}`);
