import { AppError } from '../../../shared/errors.ts';

/** What stands outside of quotes must be one of these: nothing here means anything to a shell. */
const plain = /[A-Za-z0-9_./:,=@%+^!-]/;
const longest = 16_384;

const refuse = (what: string): AppError =>
  new AppError(
    'forbidden',
    `${what}: without a working sandbox only one plain command runs at a time, without pipes, lists, redirections, variables, substitutions or patterns. ` +
      'Quote text that is meant literally, or use the file tools.',
  );

/**
 * The words of one plain command, with nothing left that a shell would act on: what is not plain text or plainly quoted is refused, never
 * interpreted. No shell is involved in running it either. Errors: `forbidden`.
 */
export const plainWords = (text: string): readonly string[] => {
  if (text.length > longest) throw refuse('the command is too long');
  const words: string[] = [];
  let word: string | null = null;
  const line = text.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (character === ' ' || character === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === "'" || character === '"') {
      const end = line.indexOf(character, at + 1);
      if (end < 0) throw refuse('a quotation mark is not closed');
      word = (word ?? '') + quoted(line.slice(at + 1, end), character);
      at = end;
    } else {
      if (!plain.test(character)) throw refuse(`${JSON.stringify(character)} cannot be used outside of quotes`);
      word = (word ?? '') + character;
    }
  }
  if (word !== null) words.push(word);
  return words;
};

/** SECURITY: in double quotes a shell still expands; what only looks literal is refused, so that the policy's reading and ours agree. */
const quoted = (text: string, mark: string): string => {
  const special = mark === '"' ? /[$`\\]/.exec(text)?.[0] : undefined;
  if (special !== undefined) throw refuse(`${JSON.stringify(special)} cannot be used in double quotes`);
  if (text.includes('\0')) throw refuse('a NUL byte cannot be used');
  return text;
};
