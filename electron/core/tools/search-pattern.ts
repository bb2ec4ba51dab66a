import { RE2JS } from 're2js';
import { AppError } from '../../../shared/errors.ts';

/** Compiles a pattern for an engine that cannot run away. Errors: `invalid_input`. */
export const compilePattern = (pattern: string): { readonly find: (text: string) => boolean } => {
  try {
    const compiled = RE2JS.compile(pattern);
    return { find: (text) => compiled.matcher(text).find() };
  } catch (error) {
    throw new AppError(
      'invalid_input',
      `the pattern is not a regular expression that RE2 understands: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
      {
        cause: error,
      },
    );
  }
};

const translated = (glob: string): string => {
  let depth = 0;
  const parts = glob.match(/\*\*\/|\*\*|[\s\S]/gu) ?? [];
  const text = parts.map((part) => {
    switch (part) {
      case '**/':
        return '(?:[^/]+/)*';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return RE2JS.quote(part);
    }
  });
  return text.join('');
};

/**
 * Whether a path, relative to where the search starts, fits a glob of `*`, `**`, `?` and `{a,b}`. A glob without a slash is for the
 * file's name. It runs on RE2, too: a glob from an agent is as hostile as a pattern. Errors: `invalid_input`.
 */
export const compileGlob = (glob: string): ((path: string) => boolean) => {
  try {
    const compiled = RE2JS.compile(`(?s)^${translated(glob)}$`);
    return glob.includes('/')
      ? (path) => compiled.matcher(path).find()
      : (path) => compiled.matcher(path.slice(path.lastIndexOf('/') + 1)).find();
  } catch (error) {
    throw new AppError('invalid_input', 'the glob is not understood: use *, **, ? and {a,b}', { cause: error });
  }
};
