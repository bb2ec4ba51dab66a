import { GrantId, type Grant } from '../../../shared/domain/grant.ts';
import { shown, table } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb } from '../verb.ts';

/** Decisions that go on counting, and their end. */
export const grantVerbs: readonly Verb[] = [
  {
    name: 'grants list',
    about: 'decisions that still count, newest first',
    words: [],
    options: {},
    async run({ out, host }) {
      const answer = await host.invoke('grants.list', {});
      out.document(answer, () =>
        table(
          ['ID', 'EFFECT', 'ENDS', 'USES', 'RULE'],
          answer.grants.map((grant) => [grant.id, grant.effect, endsText(grant), String(grant.uses), grant.sentence]),
        ),
      );
      return 0;
    },
  },
  {
    name: 'grants revoke',
    about: 'end one now; what runs under it is stopped',
    words: ['ID'],
    options: {},
    async run({ words, out, host }) {
      const id = GrantId.safeParse(words[0]);
      if (!id.success) throw new UsageError('A grant’s id looks like gnt_0123456789abcdef. See: gatehouse grants list');
      const grant = await host.invoke('grants.revoke', { id: id.data });
      out.document(grant, () => shown(`${grant.id}: ended after ${grant.uses === 1 ? '1 use' : `${grant.uses} uses`}.`));
      return 0;
    },
  },
];

/** When a grant ends: an instant, or what it ends with. */
export function endsText({ expires_at, duration }: Grant): string {
  return expires_at ?? (duration === 'task' ? 'with its task' : 'when Gatehouse quits or the screen is locked');
}
