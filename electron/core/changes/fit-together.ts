import type { ChangeToJudge, Classification } from './change-to-judge.ts';
import { parentOf } from './prospective-tree.ts';

/**
 * Makes the answers of one set agree with one another, so that applying them cannot fail half-way: a folder is made when something in it is, stays
 * when something in it stays, and what is in a folder whose replacement waits, waits too. Same order as given.
 */
export function fitTogether(changes: readonly ChangeToJudge[], judged: readonly Classification[]): readonly Classification[] {
  const answers = new Map(changes.map(({ path }, at) => [path, judged[at] ?? UNJUDGED]));
  // A folder sorts before what is in it.
  const sorted = [...changes].sort((one, other) => (one.path < other.path ? -1 : 1));
  holdBack(sorted, answers);
  settleFolders(sorted.reverse(), answers);
  return changes.map(({ path }) => answers.get(path) ?? UNJUDGED);
}

type Answers = Map<string, Classification>;

/** From the top: below a folder that cannot change its nature, nothing changes. */
function holdBack(sorted: readonly ChangeToJudge[], answers: Answers): void {
  const held = new Map<string, Classification>();
  for (const { path, before, after, workspace } of sorted) {
    const above = nearest(held, workspace, path);
    const own = answers.get(path) ?? UNJUDGED;
    if (above !== null && own.effect === 'apply') answers.set(path, { effect: above.effect, rule: above.rule, reason: above.reason });
    const isReplaced = before !== null && after !== null && before.type !== after.type;
    const isFixed = own.effect === 'drop' || own.rule === 'builtin:conflict' || isReplaced;
    if (own.effect !== 'apply' && isFixed && (before?.type === 'directory' || after?.type === 'directory')) held.set(path, own);
  }
}

function nearest(held: ReadonlyMap<string, Classification>, workspace: string, path: string): Classification | null {
  if (held.size === 0) return null;
  for (let at = parentOf(path); at.length > workspace.length; at = parentOf(at)) {
    const found = held.get(at);
    if (found !== undefined) return found;
  }
  return null;
}

/** From the bottom: what is in a folder decides whether it is made or goes. */
function settleFolders(deepestFirst: readonly ChangeToJudge[], answers: Answers): void {
  const needed = new Set<string>();
  const occupied = new Map<string, Classification>();
  for (const { path, before, after, workspace } of deepestFirst) {
    const own = answers.get(path) ?? UNJUDGED;
    const stays = occupied.get(path);
    const isMade = after?.type === 'directory' && before === null;
    if (isMade && own.effect === 'hold' && own.rule !== 'builtin:conflict' && needed.has(path)) answers.set(path, FOLDER_OF_APPLIED);
    else if (before?.type === 'directory' && after?.type !== 'directory' && own.effect === 'apply' && stays !== undefined)
      answers.set(path, { ...stays, reason: `Something in this folder stays. ${stays.reason}` });
    const settled = answers.get(path) ?? UNJUDGED;
    if (settled.effect === 'apply' && after !== null) markUp(needed, workspace, path);
    // What is not deleted keeps its folders.
    if (settled.effect !== 'apply' && before !== null && after === null) keepUp(occupied, workspace, path, settled);
  }
}

function markUp(needed: Set<string>, workspace: string, path: string): void {
  for (let at = parentOf(path); at.length > workspace.length && !needed.has(at); at = parentOf(at)) needed.add(at);
}

function keepUp(occupied: Map<string, Classification>, workspace: string, path: string, why: Classification): void {
  for (let at = parentOf(path); at.length > workspace.length && !occupied.has(at); at = parentOf(at)) occupied.set(at, why);
}

const UNJUDGED: Classification = { effect: 'hold', rule: 'builtin:odd-path', reason: 'This change was not judged.' };
const FOLDER_OF_APPLIED: Classification = { effect: 'apply', rule: 'builtin:folder', reason: 'The folder of a change that applies.' };
