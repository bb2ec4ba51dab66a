/**
 * A word as a shell reads it back, byte for byte: between single quotes nothing means anything but the single quote. Errors: RangeError for a NUL,
 * which no word that a program is started with can have.
 */
export const quoted = (word: string): string => {
  if (word.includes('\0')) throw new RangeError('a word of a command has a NUL character');
  return `'${word.replaceAll("'", "'\\''")}'`;
};
