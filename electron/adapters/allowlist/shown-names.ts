import { randomBytes } from 'node:crypto';

/** Names of held things for one command, and the way back to what the agent called them. */
export interface ShownNames {
  /** A path of the kernel's to the program's descriptor of that number. */
  pathOf(descriptor: number): string;
  /** Puts the agent's names back into a stream of output; what may be half a path is kept for the next chunk. */
  stream(): { add(chunk: string): string; end(): string };
  restore(text: string): string;
}

/**
 * The program is given `/proc/self/fd/N`, spelled with redundant `/.` that nobody can guess, so that what stands in a file can never be
 * taken for such a path.
 */
export const createShownNames = (names: ReadonlyMap<number, string>): ShownNames => {
  const noise = Array.from(randomBytes(5), (byte) => byte.toString(2).padStart(8, '0').replaceAll('0', '/').replaceAll('1', '/.')).join('');
  const prefix = `/proc/self/fd${noise}/`;
  const whole = new RegExp(`${prefix.replaceAll('.', '\\.')}([0-9]+)(/?)`, 'g');

  const restore = (text: string): string =>
    text.replace(whole, (path, digits: string, slash: string) => {
      const name = names.get(Number(digits));
      if (name === undefined) return path;
      return name === '' ? '' : `${name}${name.endsWith('/') ? '' : slash}`;
    });

  /** Where a path that may not be whole yet begins, or the end. */
  const unfinished = (text: string): number => {
    const last = text.lastIndexOf(prefix);
    if (last >= 0 && /^[0-9]*$/.test(text.slice(last + prefix.length))) return last;
    for (let length = Math.min(prefix.length - 1, text.length); length > 0; length -= 1) {
      if (text.endsWith(prefix.slice(0, length))) return text.length - length;
    }
    return text.length;
  };

  return {
    pathOf: (descriptor) => `${prefix}${descriptor}`,
    restore,
    stream() {
      let kept = '';
      return {
        add(chunk) {
          const text = kept + chunk;
          const cut = unfinished(text);
          kept = text.slice(cut);
          return restore(text.slice(0, cut));
        },
        end() {
          const rest = restore(kept);
          kept = '';
          return rest;
        },
      };
    },
  };
};
