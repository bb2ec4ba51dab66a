import type { Policy } from '../policy/policy.ts';
import { createBareRepositories } from './bare-repository.ts';
import { createChangeClasses } from './change-classes.ts';
import type { ChangeContext, ChangeToJudge, Classification, ClassifyChanges } from './change-to-judge.ts';
import { fitTogether } from './fit-together.ts';
import { createProspectiveTree } from './prospective-tree.ts';

export interface ClassifierDeps {
  readonly policy: Pick<Policy, 'evaluateChange'>;
}

/** The built-in classes hold, the rules of `changes:` in policy.yaml tighten or loosen, an approval answers what would be asked. */
export function createClassifier({ policy }: ClassifierDeps): ClassifyChanges {
  return async (changes, context) => {
    const tree = createProspectiveTree(changes, context.inspect);
    const classesOf = createChangeClasses(tree, createBareRepositories(tree));
    const judged: Classification[] = [];
    for (const change of changes) {
      const classes = isPlainPath(change) ? await classesOf(change) : null;
      judged.push(classes === null ? NO_PLAIN_PATH : judge(change, policy.evaluateChange({ ...named(context), ...change, classes })));
    }
    return fitTogether(changes, judged);
  };
}

const named = ({ agent, tool }: ChangeContext) => ({ agent, tool });

function judge(change: ChangeToJudge, verdict: Classification): Classification {
  if (verdict.effect === 'drop') return verdict;
  // SECURITY: a yes was to a file over what was there then; a link, or another file by now, is something else.
  if (change.isConflict) return CONFLICT;
  return verdict.effect === 'hold' && change.isApproved && isContent(change) ? APPROVED : verdict;
}

const isContent = ({ before, after }: ChangeToJudge) => after?.type === 'file' && (before === null || before.type === 'file');

/** SECURITY: the scan gives no other paths; one that came all the same is not resolved here. */
function isPlainPath({ workspace, path }: ChangeToJudge): boolean {
  if (!path.startsWith(`${workspace}/`)) return false;
  const names = path.slice(workspace.length + 1).split('/');
  return names.every((name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'));
}

const NO_PLAIN_PATH: Classification = {
  effect: 'hold',
  rule: 'builtin:odd-path',
  reason: 'This is the workspace itself, or no plain path in it.',
};
const CONFLICT: Classification = {
  effect: 'hold',
  rule: 'builtin:conflict',
  reason: 'The real file changed meanwhile; compare both versions.',
};
const APPROVED: Classification = { effect: 'apply', rule: 'builtin:approved', reason: 'The operator approved exactly this content.' };
