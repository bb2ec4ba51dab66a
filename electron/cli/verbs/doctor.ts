import { fields, lines, shown } from '../output.ts';
import { useOffline } from '../use-offline.ts';
import type { Verb } from '../verb.ts';

/** What this machine can enforce, and the console's link. */
export const hostVerbs: readonly Verb[] = [
  {
    name: 'doctor',
    about: 'what this machine can enforce, tried and not assumed',
    words: [],
    options: {},
    async run(context) {
      const answer = await useOffline(
        context,
        async (host) => host.invoke('doctor.run', {}),
        async (offline) => offline.doctor(),
      );
      context.out.document(answer, () =>
        lines(
          answer.items.map(({ title, status, evidence, fix }) =>
            fields([[status, title], ['', evidence], ...(fix === null ? [] : ([['fix', fix]] as const))]),
          ),
        ),
      );
      return 0;
    },
  },
  {
    name: 'console',
    about: 'print another one-time link to the browser console',
    words: [],
    options: {},
    async run({ out, host }) {
      const link = await host.invoke('console.link', {});
      out.document(link, () => shown(link.url));
      if (!out.json) out.note(`It works once, until ${link.expires_at}.`);
      return 0;
    },
  },
];
