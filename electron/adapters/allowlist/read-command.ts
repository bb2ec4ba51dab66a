import { AppError } from '../../../shared/errors.ts';
import { findExpressions, programRules, type OperandRule, type ProgramRule } from './program-rules.ts';

/** A word of what will run: text, or a file or folder that must be held first. */
export type PlannedWord = { readonly text: string } | { readonly operand: string; readonly shown: string; readonly kind: 'file' | 'any' };

/** A command of the list, with every word accounted for. */
export interface PlannedCommand {
  readonly program: string;
  readonly words: readonly PlannedWord[];
}

const forbid = (message: string): AppError => new AppError('forbidden', message);

/** Takes a command's words apart by the rules of its program. Errors: `forbidden`, naming the word that may not be there and what is possible. */
export const readCommand = ([program = '', ...words]: readonly string[]): PlannedCommand => {
  if (program === 'pwd') {
    if (words.length > 0) throw forbid('pwd takes no further words here');
    return { program, words: [] };
  }
  if (program === 'find') return { program, words: readFind(words) };
  const rule = programRules.get(program);
  if (rule === undefined) {
    throw forbid(
      `${JSON.stringify(program.slice(0, 80))} does not run without a working sandbox; what does, by its plain name: ${programNames().join(', ')}`,
    );
  }
  return { program, words: readWords(program, rule, words) };
};

/** Every program of the list. */
export const programNames = (): readonly string[] => ['pwd', 'find', ...programRules.keys()].sort();

const noTexts: NonNullable<ProgramRule['texts']> = { least: 0, most: 0 };

const readWords = (program: string, rule: ProgramRule, words: readonly string[]): readonly PlannedWord[] => {
  const { options, given, rest } =
    rule.noMarker === true ? { options: [], given: new Set<string>(), rest: words } : readOptions(program, rule, words);
  const isTextGiven = (rule.textOptions ?? []).some((option) => given.has(option));
  const { least, most, pattern = null } = isTextGiven || rule.texts === undefined ? noTexts : rule.texts;
  const operands = (rule.withOption?.options ?? []).some((option) => given.has(option)) ? rule.withOption?.operands : rule.operands;
  const first = rest.slice(0, most);
  if (first.length < least) throw forbid(`${program} needs a word of text here`);
  const odd = pattern === null ? undefined : first.find((text) => !pattern.test(text));
  if (odd !== undefined) throw forbid(`${program} does not take ${JSON.stringify(odd)} here`);
  return [
    ...(rule.forced ?? []).map((text) => ({ text })),
    ...options.map((text) => ({ text })),
    ...(rule.noMarker === true ? [] : [{ text: '--' }]),
    ...first.map((text) => ({ text })),
    ...readOperands(program, operands, rest.slice(first.length)),
  ];
};

const readOperands = (program: string, rule: OperandRule | undefined, words: readonly string[]): readonly PlannedWord[] => {
  const { least, most, kind, fallback } = rule ?? { least: 0, most: 0, kind: 'any' };
  if (words.length < least)
    throw forbid(`${program} needs ${least === 1 ? 'a file' : `${least} files`} here, by name: there is no standard input`);
  if (words.length > most) throw forbid(`${program} takes at most ${most} ${kind === 'file' ? 'files' : 'files and folders'} here`);
  if (words.includes('-')) throw forbid(`${program} has no standard input here: name a file`);
  if (words.length === 0 && fallback !== undefined) return [{ operand: '.', shown: fallback, kind }];
  return words.map((operand) => ({ operand, shown: operand, kind }));
};

interface ReadOptions {
  readonly options: readonly string[];
  readonly given: ReadonlySet<string>;
  readonly rest: readonly string[];
}

/** Options may stand anywhere before `--`, as the GNU programs read them. Each is written out again on its own, so that nothing is left to read otherwise. */
const readOptions = (program: string, rule: ProgramRule, words: readonly string[]): ReadOptions => {
  const options: string[] = [];
  const given = new Set<string>();
  const rest: string[] = [];
  const queue = [...words];
  const valueOf = (option: string): string => {
    const value = queue.shift();
    if (value === undefined) throw forbid(`${program} ${option} needs a value`);
    return value;
  };
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      rest.push(...queue.splice(0));
    } else if (word.startsWith('--')) {
      const { name, value } = splitLong(word);
      given.add(name);
      if (value === null && rule.long?.includes(name)) options.push(word);
      else if (rule.longOptional?.includes(name)) options.push(word);
      else if (rule.longValue?.includes(name)) options.push(`--${name}=${value ?? valueOf(`--${name}`)}`);
      else throw notPermitted(program, word);
    } else if (/^-[0-9]+$/.test(word) && rule.number !== undefined) {
      options.push(`-${rule.number}${word.slice(1)}`);
    } else if (word.length > 1 && word.startsWith('-')) {
      for (let at = 1; at < word.length; at += 1) {
        const letter = word.charAt(at);
        given.add(letter);
        if (rule.shortValue?.includes(letter)) {
          const attached = word.slice(at + 1);
          options.push(...(attached === '' ? [`-${letter}`, valueOf(`-${letter}`)] : [`-${letter}${attached}`]));
          break;
        }
        if (!rule.short?.includes(letter)) throw notPermitted(program, `-${letter}`);
        options.push(`-${letter}`);
      }
    } else {
      rest.push(word);
    }
  }
  return { options, given, rest };
};

const splitLong = (word: string): { readonly name: string; readonly value: string | null } => {
  const equals = word.indexOf('=');
  return equals < 0 ? { name: word.slice(2), value: null } : { name: word.slice(2, equals), value: word.slice(equals + 1) };
};

/** find has a grammar of its own: folders, then an expression. */
const readFind = (words: readonly string[]): readonly PlannedWord[] => {
  const start = words.findIndex((word) => /^[-(),!]/.test(word));
  const folders = start < 0 ? words : words.slice(0, start);
  const expression: PlannedWord[] = [];
  const queue = start < 0 ? [] : words.slice(start);
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const values = findExpressions.get(word);
    if (values === undefined) throw notPermitted('find', word);
    expression.push({ text: word });
    if (values === 0) continue;
    const value = queue.shift();
    if (value === undefined) throw forbid(`find ${word} needs a value`);
    expression.push({ text: value });
  }
  // What is held appears as a link of the kernel's; -H follows those on the command line and no others.
  return [{ text: '-H' }, ...readOperands('find', { least: 0, most: 64, kind: 'any', fallback: '.' }, folders), ...expression];
};

const notPermitted = (program: string, word: string): AppError =>
  forbid(`${program} may not be given ${JSON.stringify(word.slice(0, 200))} without a working sandbox`);
