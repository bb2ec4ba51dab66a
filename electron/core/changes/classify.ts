import type { ChangeKind, FileVersion } from '../../../shared/domain/change.ts';
import type { ChangeEffect } from '../../../shared/domain/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { createBareRepositories } from './bare-repository.ts';
import { createChangeClasses } from './change-classes.ts';
import { fitTogether } from './fit-together.ts';
import { createProspectiveTree } from './prospective-tree.ts';

/** One change before anything is decided. A rename comes as its two halves: what is gone, and what is new. */
export interface ChangeToJudge {
  readonly workspace: string;
  /** Absolute, in `workspace`. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly before: FileVersion | null;
  readonly after: FileVersion | null;
  readonly isConflict: boolean;
  /** The operator saw exactly this content and said yes to it. */
  readonly isApproved: boolean;
}

export interface ChangeContext {
  readonly agent: string;
  readonly tool: string;
  /** What the real tree has at a path of a workspace; never follows a link. */
  readonly inspect: (workspace: string, path: string) => Promise<FileVersion | null>;
}

export interface Classification {
  readonly effect: ChangeEffect;
  /** A rule of policy.yaml, or `builtin:…`. */
  readonly rule: string;
  readonly reason: string;
}

/**
 * Says of a whole set what becomes of each change, in the order given. The set is judged as one, because links, repositories and folders only
 * make sense together. Reads nothing but what `inspect` answers.
 */
export type ClassifyChanges = (changes: readonly ChangeToJudge[], context: ChangeContext) => Promise<readonly Classification[]>;

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
