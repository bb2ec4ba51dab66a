import { resolve } from 'node:path';
import type { TargetView } from '../../../shared/domain/target.ts';
import { lines, shown, table } from '../output.ts';
import { readText } from '../read-text.ts';
import { useOffline } from '../use-offline.ts';
import type { Verb } from '../verb.ts';

/** The systems that agents may act on, without changing any. */
export const targetVerbs: readonly Verb[] = [
  {
    name: 'targets check',
    about: 'whether a targets file is right: the one in the data directory, or another',
    words: ['[FILE]'],
    options: {},
    async run(context) {
      const [file] = context.words;
      const text = file === null || file === undefined ? null : readText(resolve(context.world.cwd, file));
      const result = await useOffline(
        context,
        async (host) => host.invoke('targets.check', { text }),
        async (offline) => offline.checkTargets(text),
      );
      context.out.document(result, () =>
        result.ok
          ? shown(`The file is right: ${result.targets.toString()} targets, local included.`)
          : lines(
              result.problems.map(({ line, column, path, message }) =>
                shown(`line ${line?.toString() ?? '?'}, column ${column?.toString() ?? '?'}: ${path}: ${message}`),
              ),
            ),
      );
      return result.ok ? 0 : 1;
    },
  },
  {
    name: 'targets list',
    about: 'every target, with what can be done there',
    words: [],
    options: {},
    async run(context) {
      const answer = await useOffline(
        context,
        async (host) => host.invoke('targets.list', {}),
        async (offline) => offline.listTargets(),
      );
      context.out.document(answer, () =>
        table(
          ['ID', 'TYPE', 'STATE', 'CAPABILITIES', 'CONSTRAINTS'],
          answer.targets.map((target) => [target.id, target.type, target.state, target.capabilities.join(','), constraints(target)]),
        ),
      );
      for (const { line, message } of answer.status.problems)
        context.out.note(`${answer.status.file}${line === null ? '' : `, line ${line.toString()}`}: ${message}`);
      if (answer.held !== null) context.out.note('The file on disk differs from this and waits to be accepted in the window.');
      return 0;
    },
  },
];

const constraints = ({ constraints: { timeout_s, concurrency, sudo, require_approval, maintenance_windows } }: TargetView): string =>
  [
    `sudo ${sudo}`,
    ...(timeout_s === undefined ? [] : [`${timeout_s.toString()} s`]),
    ...(concurrency === undefined ? [] : [`${concurrency.toString()} at a time`]),
    ...(require_approval === false ? [] : [`approval: ${require_approval === true ? 'always' : require_approval.join(',')}`]),
    ...(maintenance_windows.length === 0 ? [] : ['maintenance windows']),
  ].join('; ');
