import { resolve } from 'node:path';
import { MintRequest, type MintedToken } from '../../../shared/contract/contract.ts';
import { TokenId } from '../../../shared/domain/identity.ts';
import { fields, shown, table } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb, VerbContext } from '../verb.ts';

/** Agents' bearer tokens. */
export const tokenVerbs: readonly Verb[] = [
  {
    name: 'token mint',
    about: 'mint a token for an agent; it is shown this once',
    words: [],
    options: {
      agent: { type: 'string', value: 'NAME', about: 'the name that the agent goes by' },
      scopes: { type: 'string', value: 'A,B', about: 'what it may do: file:read,file:write,bash:exec …' },
      ttl: { type: 'string', value: '30d|12h|15m', about: 'how long it is good' },
      expiry: { type: 'string', value: 'ISO', about: 'until when it is good' },
      workspace: { type: 'string', multiple: true, value: 'DIR', about: 'a folder that it may work in' },
      target: { type: 'string', multiple: true, value: 'ID', about: 'a system that it may act on' },
    },
    async run({ options, out, host, world }) {
      if ((options.text('ttl') === undefined) === (options.text('expiry') === undefined))
        throw new UsageError('Give --ttl or --expiry, one of them.');
      const request = parseRequest({
        agent: options.required('agent'),
        scopes: options
          .required('scopes')
          .split(',')
          .map((scope) => scope.trim()),
        ...(options.text('ttl') === undefined ? { expiry: options.text('expiry') } : { ttl: options.text('ttl') }),
        workspaces: options.list('workspace').map((path) => resolve(world.cwd, path)),
        targets: [...options.list('target')],
      });
      showMinted(await host.invoke('tokens.mint', request), out);
      return 0;
    },
  },
  {
    name: 'token list',
    about: 'every token, without the tokens themselves',
    words: [],
    options: {},
    async run({ out, host }) {
      const answer = await host.invoke('tokens.list', {});
      out.document(answer, () =>
        table(
          ['ID', 'AGENT', 'STATE', 'EXPIRES', 'SCOPES', 'WORKSPACES'],
          answer.tokens.map((token) => [
            token.id,
            token.agent,
            token.state,
            token.expires_at,
            token.scopes.join(','),
            token.workspaces.join(','),
          ]),
        ),
      );
      return 0;
    },
  },
  {
    name: 'token revoke',
    about: 'end a token at once, its open connections included',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      const answer = await host.invoke('tokens.revoke', { id: tokenId(words[0]) });
      out.document(answer, () => shown(`Revoked ${answer.id}.`));
      return 0;
    },
  },
  {
    name: 'token rotate',
    about: 'end a token and mint one like it',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      showMinted(await host.invoke('tokens.rotate', { id: tokenId(words[0]) }), out);
      return 0;
    },
  },
];

function parseRequest(request: unknown): MintRequest {
  const parsed = MintRequest.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new UsageError(`${field}: ${issue?.message ?? 'not valid'}.`);
}

function tokenId(word: string | null | undefined): TokenId {
  const id = TokenId.safeParse(word);
  if (!id.success) throw new UsageError('A token’s id looks like tok_0123456789abcdef. See: gatehouse token list');
  return id.data;
}

function showMinted(minted: MintedToken, out: VerbContext['out']): void {
  out.document(minted, () =>
    fields([
      ['token', minted.token],
      ['id', minted.id],
      ['agent', minted.agent],
      ['scopes', minted.scopes.join(',')],
      ['workspaces', minted.workspaces.join(',')],
      ['expires', minted.expires_at],
    ]),
  );
  if (!out.json) out.note('This is the only time that the token is shown.');
}
