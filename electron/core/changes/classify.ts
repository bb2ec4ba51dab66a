import type { ChangeClass } from '../../../shared/domain/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { createBareRepositories } from './bare-repository.ts';
import { createChangeClasses } from './change-classes.ts';
import type { ChangeToJudge, Classification, ClassifyChanges } from './change-to-judge.ts';
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
      judged.push(classes === null ? NO_PLAIN_PATH : judge(change, strictest(policy, change, context.agent, classes)));
    }
    return fitTogether(changes, judged);
  };
}

const strictness = { apply: 0, hold: 1, drop: 2 } as const;

/** SECURITY: whoever of several made it, the rules for that one are kept; nobody's is nobody's to apply. */
function strictest(
  policy: ClassifierDeps['policy'],
  { path, kind, tools }: ChangeToJudge,
  agent: string,
  classes: readonly ChangeClass[],
): Classification {
  const [first = NOBODYS, ...others] = tools.map((tool) => policy.evaluateChange({ path, kind, agent, tool, classes }));
  return others.reduce((worst, one) => (strictness[one.effect] > strictness[worst.effect] ? one : worst), first);
}

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
const NOBODYS: Classification = { effect: 'hold', rule: 'builtin:unjudged', reason: 'It is not known what could have made this change.' };
const CONFLICT: Classification = {
  effect: 'hold',
  rule: 'builtin:conflict',
  reason: 'The real file changed meanwhile; compare both versions.',
};
const APPROVED: Classification = { effect: 'apply', rule: 'builtin:approved', reason: 'The operator approved exactly this content.' };
