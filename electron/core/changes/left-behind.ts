import type { LayerView } from '../ports/layers.ts';

/** Paths that are named one by one; the rest is counted. */
const named = 20;

/** A view that remembers what its last look left out. */
export function tellingSkipped<V extends Pick<LayerView, 'scan'>>(
  view: V,
): { readonly view: V; readonly skipped: () => readonly string[] } {
  let skipped: readonly string[] = [];
  const scan = async (): ReturnType<LayerView['scan']> => {
    const found = await view.scan();
    skipped = found.skipped;
    return found;
  };
  return { view: { ...view, scan }, skipped: () => skipped };
}

/** What is told of paths that no look at a layer could take in; null when there are none. */
export function leftBehind(skipped: readonly string[]): {
  readonly text: string;
  readonly left_behind: { readonly paths: string[]; readonly more: number };
} | null {
  if (skipped.length === 0) return null;
  const paths = [...new Set(skipped)].sort();
  const shown = paths.slice(0, named);
  const more = paths.length - shown.length;
  const rest = more === 0 ? '' : ` and ${more.toString()} more`;
  return {
    text: `[did not reach the real files, because it is no ordinary file, cannot be read, or goes over a limit: ${shown.join(', ')}${rest}]`,
    left_behind: { paths: shown, more },
  };
}
