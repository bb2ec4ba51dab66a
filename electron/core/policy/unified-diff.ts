/** Lines of context around a change. */
const CONTEXT = 3;
/** Beyond this product of changed lines the middle counts as replaced whole. */
const MOST_STEPS = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** The difference of two texts as `diff -u` writes it, without the names of files; empty where there is none. */
export function unifiedDiff(before: string, after: string): string {
  const lines = compare(linesOf(before), linesOf(after));
  const shown = lines.map(({ mark }, at) => mark !== ' ' || lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(isChange));
  const out: string[] = [];
  let [old, now] = [1, 1];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && shown[end] === true) end += 1;
    const hunk = lines.slice(at, end);
    const [removed, added] = [hunk.filter(({ mark }) => mark !== '+').length, hunk.filter(({ mark }) => mark !== '-').length];
    if (hunk.length > 0) {
      out.push(`@@ -${range(old, removed)} +${range(now, added)} @@`, ...hunk.map(({ mark, text }) => mark + text));
      old += removed;
      now += added;
      at = end;
    } else {
      old += 1;
      now += 1;
      at += 1;
    }
  }
  return out.length === 0 ? '' : `${out.join('\n')}\n`;
}

const isChange = ({ mark }: Line) => mark !== ' ';
const range = (start: number, count: number) => `${count === 0 ? start - 1 : start},${count}`;

/** A last line without its end is another line than one with it. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  const least = Math.min(before.length, after.length);
  let head = 0;
  while (head < least && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < least - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): Line[] {
  const whole = [...before.map((text) => ({ mark: '-', text }) as const), ...after.map((text) => ({ mark: '+', text }) as const)];
  if (before.length * after.length > MOST_STEPS) return whole;
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const length = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = before[i] === after[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const out: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) {
      out.push({ mark: ' ', text: old });
      [i, j] = [i + 1, j + 1];
    } else if (old !== undefined && (now === undefined || length(i + 1, j) >= length(i, j + 1))) {
      out.push({ mark: '-', text: old });
      i += 1;
    } else {
      out.push({ mark: '+', text: now ?? '' });
      j += 1;
    }
  }
  return out;
}
