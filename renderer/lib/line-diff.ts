export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  /** False for a last line without a line end. */
  readonly ended: boolean;
  /** Line numbers from 1, null on the side where the line does not exist. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Above this many cells the middle is shown as replaced as a whole: still everything, only less clever. */
const maxCells = 4_000_000;

/** Lines with their ends, so that a missing last end is a difference too. */
function split(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The difference of two texts, line by line and complete: every line of both is in it. `before` null means that there was no file. */
export function lineDiff(before: string | null, after: string): DiffLine[] {
  const old = split(before ?? '');
  const now = split(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;

  const lines: DiffLine[] = [];
  let a = 1;
  let b = 1;
  const put = (kind: DiffLine['kind'], text: string): void => {
    const ended = text.endsWith('\n');
    lines.push({
      kind,
      text: ended ? text.slice(0, -1) : text,
      ended,
      before: kind === 'added' ? null : a,
      after: kind === 'removed' ? null : b,
    });
    if (kind !== 'added') a += 1;
    if (kind !== 'removed') b += 1;
  };
  for (const text of old.slice(0, head)) put('same', text);
  for (const [kind, text] of middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail))) put(kind, text);
  for (const text of old.slice(old.length - tail)) put('same', text);
  return lines;
}

/** Longest common subsequence by dynamic programming; the removed lines of a change come before the added ones. */
function middle(old: readonly string[], now: readonly string[]): (readonly [DiffLine['kind'], string])[] {
  const replaced = [...old.map((text) => ['removed', text] as const), ...now.map((text) => ['added', text] as const)];
  if (old.length === 0 || now.length === 0 || old.length * now.length > maxCells) return replaced;
  const width = now.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const cell = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = old[i] === now[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  const out: (readonly [DiffLine['kind'], string])[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const left = old[i];
    const right = now[j];
    if (left !== undefined && left === right) {
      out.push(['same', left]);
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || cell(i + 1, j) >= cell(i, j + 1))) {
      out.push(['removed', left]);
      i += 1;
    } else if (right !== undefined) {
      out.push(['added', right]);
      j += 1;
    }
  }
  return out;
}
