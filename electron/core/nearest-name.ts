/** Edits from one word to another: letters put in, left out, replaced, or swapped with their neighbour. */
const distance = (from: string, to: string): number => {
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const at = (up: number, left: number): number => (up === 0 ? row : rows[i - up])?.[j - left] ?? Number.MAX_SAFE_INTEGER;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(2, 2) + 1 : Number.MAX_SAFE_INTEGER;
      row.push(Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + (from[i - 1] === to[j - 1] ? 0 : 1), swapped));
    }
    rows.push(row);
  }
  return rows[from.length]?.[to.length] ?? Number.MAX_SAFE_INTEGER;
};

/** The known name that a typing error most likely meant; null when none is near. */
export const nearestName = (typed: string, known: readonly string[]): string | null => {
  const word = typed.slice(0, 100).toLowerCase();
  const near = known
    .map((name) => ({ name, edits: distance(word, name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.name ?? null;
};
