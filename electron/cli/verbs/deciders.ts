import { fields, lines, table } from '../output.ts';
import type { Verb } from '../verb.ts';

/** Who decides besides the window. */
export const deciderVerbs: readonly Verb[] = [
  {
    name: 'deciders status',
    about: 'who decides, and whether they can be reached',
    words: [],
    options: {},
    async run({ out, host }) {
      const status = await host.invoke('deciders.status', {});
      out.document(status, () =>
        lines([
          fields([
            ['approval', status.enabled ? 'on' : 'DISABLED: what policy asks about runs unasked'],
            ['mode', status.mode],
            ['answers from chats', status.callbacks_url ?? 'not listening'],
          ]),
          table(
            ['CHANNEL', 'STATE', 'DECIDES', 'DETAIL'],
            status.channels.map(({ channel, state, can_decide, detail }) => [channel, state, can_decide ? 'yes' : 'no', detail]),
          ),
          ...(status.aliases.length === 0
            ? []
            : [
                table(
                  ['VARIABLE', 'EFFECT', 'DETAIL'],
                  status.aliases.map(({ variable, effect, detail }) => [variable, effect, detail]),
                ),
              ]),
        ]),
      );
      return 0;
    },
  },
  {
    name: 'deciders test',
    about: 'send each channel that is on a request that stands for no call',
    words: [],
    options: {},
    async run({ out, host }) {
      const answer = await host.invoke('deciders.test', {});
      out.document(answer, () =>
        table(
          ['CHANNEL', 'OK', 'DETAIL'],
          answer.results.map(({ channel, ok, detail }) => [channel, ok ? 'yes' : 'no', detail]),
        ),
      );
      return answer.results.every(({ ok }) => ok) ? 0 : 1;
    },
  },
];
