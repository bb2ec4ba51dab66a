/** What one program may be told. Whatever is not named here is refused; long options in full only. */
export interface ProgramRule {
  /** Short options without a value, in one string. */
  readonly short?: string;
  /** Short options that take a value. */
  readonly shortValue?: string;
  /** Long options without a value. */
  readonly long?: readonly string[];
  readonly longValue?: readonly string[];
  /** Long options with a value that may be left out. */
  readonly longOptional?: readonly string[];
  /** The short option that `-20` stands for. */
  readonly number?: string;
  /** Put before everything else by the gateway. */
  readonly forced?: readonly string[];
  /** Words that are text and no file, which come first. */
  readonly texts?: { readonly least: number; readonly most: number; readonly pattern?: RegExp };
  /** Options that stand for the first text. */
  readonly textOptions?: readonly string[];
  /** Files and folders; absent: none. */
  readonly operands?: OperandRule;
  /** With one of these options, this instead. */
  readonly withOption?: { readonly options: readonly string[]; readonly operands: OperandRule };
  /** Whether the program understands `--`. */
  readonly noMarker?: boolean;
}

export interface OperandRule {
  readonly least: number;
  readonly most: number;
  readonly kind: 'file' | 'any';
  /** Without any, the folder that the command runs in, called so in what is printed. */
  readonly fallback?: string;
}

const most = 64;
const files: OperandRule = { least: 1, most, kind: 'file' };
const twoFiles: OperandRule = { least: 2, most: 2, kind: 'file' };
const checksum: ProgramRule = { short: 'btz', long: ['binary', 'text', 'tag', 'zero'], operands: files };
const lines = {
  short: 'qvz',
  shortValue: 'nc',
  long: ['quiet', 'silent', 'verbose', 'zero-terminated'],
  longValue: ['lines', 'bytes'],
  number: 'n',
  operands: files,
} satisfies ProgramRule;

/**
 * The programs that run without a sandbox. GNU versions, none of which interprets a language or starts another program with these options.
 * SECURITY: a program is only listed when it opens what it is given and nothing beside: options that name files (`-f`, `--files0-from`, `-T`,
 * `find -newer`), write (`sort -o`, uniq's second operand, `find -fprint`), run something (`find -exec`, `sort --compress-program`,
 * `diff --paginate`), follow links or look through them (`-L`, `grep -R`, `find -readable`, `ls --color`, `ls -F`) are left out. Only what walks by
 * descriptor, not following links, walks folders: find, grep -r, du. For that reason ls -R and diff -r are out, and rg and git altogether.
 */
export const programRules: ReadonlyMap<string, ProgramRule> = new Map<string, ProgramRule>([
  [
    'ls',
    {
      short: 'aAlh1trSdisngoGkUXcuvQNbBmxC',
      shortValue: 'I',
      long: [
        'all',
        'almost-all',
        'human-readable',
        'reverse',
        'size',
        'directory',
        'full-time',
        'inode',
        'si',
        'numeric-uid-gid',
        'no-group',
      ],
      longValue: ['time-style', 'sort', 'time', 'ignore', 'hide'],
      forced: ['-H'],
      operands: { least: 0, most, kind: 'any', fallback: '.' },
    },
  ],
  [
    'cat',
    {
      short: 'AbeEnstTuv',
      long: ['show-all', 'number-nonblank', 'show-ends', 'number', 'squeeze-blank', 'show-tabs', 'show-nonprinting'],
      operands: files,
    },
  ],
  ['head', lines],
  ['tail', lines],
  ['wc', { short: 'cmlLw', long: ['bytes', 'chars', 'lines', 'max-line-length', 'words'], operands: files }],
  ['nl', { short: 'p', shortValue: 'bdfhilnsvw', operands: files }],
  [
    'cut',
    {
      short: 'nsz',
      shortValue: 'bcdf',
      long: ['only-delimited', 'complement', 'zero-terminated'],
      longValue: ['bytes', 'characters', 'delimiter', 'fields', 'output-delimiter'],
      operands: files,
    },
  ],
  [
    'sort',
    {
      short: 'bdfghiMnRrsuVzcCm',
      shortValue: 'kt',
      long: [
        'ignore-leading-blanks',
        'dictionary-order',
        'ignore-case',
        'numeric-sort',
        'human-numeric-sort',
        'reverse',
        'stable',
        'unique',
        'version-sort',
      ],
      longValue: ['key', 'field-separator'],
      // It may keep nothing on disk, and needs no further threads.
      forced: ['--parallel=1', '--temporary-directory=/dev/null'],
      operands: files,
    },
  ],
  [
    'uniq',
    {
      short: 'cdiuz',
      shortValue: 'fsw',
      long: ['count', 'repeated', 'ignore-case', 'unique', 'zero-terminated'],
      longValue: ['skip-fields', 'skip-chars', 'check-chars'],
      // SECURITY: its second operand is a file to write.
      operands: { least: 1, most: 1, kind: 'file' },
    },
  ],
  [
    'comm',
    {
      short: '123z',
      long: ['total', 'check-order', 'nocheck-order', 'zero-terminated'],
      longValue: ['output-delimiter'],
      operands: twoFiles,
    },
  ],
  ['cmp', { short: 'bls', shortValue: 'n', long: ['print-bytes', 'verbose', 'quiet', 'silent'], longValue: ['bytes'], operands: twoFiles }],
  [
    'diff',
    {
      short: 'abBcEeipNqstTuwyd',
      shortValue: 'UCWIF',
      long: [
        'brief',
        'text',
        'minimal',
        'side-by-side',
        'ignore-case',
        'ignore-all-space',
        'ignore-space-change',
        'ignore-blank-lines',
        'ignore-trailing-space',
        'report-identical-files',
        'strip-trailing-cr',
        'suppress-common-lines',
      ],
      longValue: ['label', 'width'],
      longOptional: ['unified', 'context', 'color'],
      operands: twoFiles,
    },
  ],
  [
    'grep',
    {
      short: 'abcEFGhHiIlLnoqrsvwxz',
      shortValue: 'ABCem',
      long: [
        'recursive',
        'ignore-case',
        'invert-match',
        'line-number',
        'files-with-matches',
        'files-without-match',
        'count',
        'only-matching',
        'word-regexp',
        'line-regexp',
        'no-filename',
        'with-filename',
        'extended-regexp',
        'fixed-strings',
        'basic-regexp',
        'quiet',
        'text',
        'no-messages',
      ],
      longValue: ['regexp', 'after-context', 'before-context', 'context', 'max-count', 'include', 'exclude', 'exclude-dir'],
      longOptional: ['color'],
      number: 'C',
      texts: { least: 1, most: 1 },
      textOptions: ['e', 'regexp'],
      operands: files,
      withOption: { options: ['r', 'recursive'], operands: { least: 0, most, kind: 'any', fallback: '' } },
    },
  ],
  [
    'du',
    {
      short: 'abchkmsSx0',
      shortValue: 'dB',
      long: ['all', 'apparent-size', 'bytes', 'total', 'human-readable', 'summarize', 'separate-dirs', 'one-file-system', 'null'],
      longValue: ['max-depth', 'block-size', 'exclude'],
      forced: ['-D'],
      operands: { least: 0, most, kind: 'any', fallback: '.' },
    },
  ],
  [
    'stat',
    {
      short: 't',
      shortValue: 'c',
      long: ['terse'],
      longValue: ['format', 'printf'],
      forced: ['-L'],
      operands: { least: 1, most, kind: 'any' },
    },
  ],
  ['md5sum', checksum],
  ['sha1sum', checksum],
  ['sha256sum', checksum],
  ['sha512sum', checksum],
  ['echo', { texts: { least: 0, most: 1000 }, noMarker: true }],
  ['basename', { short: 'az', shortValue: 's', long: ['multiple', 'zero'], longValue: ['suffix'], texts: { least: 1, most } }],
  ['dirname', { short: 'z', long: ['zero'], texts: { least: 1, most } }],
  // SECURITY: a word without the plus sign would set the clock.
  [
    'date',
    { short: 'uIR', long: ['utc', 'universal', 'rfc-email'], longOptional: ['iso-8601'], texts: { least: 0, most: 1, pattern: /^\+/ } },
  ],
]);

/** What find may be told after its folders, with the number of words that belong to it. */
export const findExpressions: ReadonlyMap<string, 0 | 1> = new Map<string, 0 | 1>([
  ...[
    '-not',
    '!',
    '-o',
    '-or',
    '-a',
    '-and',
    '(',
    ')',
    '-print',
    '-print0',
    '-empty',
    '-prune',
    '-xdev',
    '-mount',
    '-depth',
    '-true',
    '-false',
  ].map((word) => [word, 0] as const),
  ...[
    '-name',
    '-iname',
    '-path',
    '-ipath',
    '-wholename',
    '-regex',
    '-iregex',
    '-regextype',
    '-type',
    '-maxdepth',
    '-mindepth',
    '-size',
    '-mtime',
    '-mmin',
    '-atime',
    '-amin',
    '-ctime',
    '-cmin',
    '-perm',
    '-links',
    '-lname',
  ].map((word) => [word, 1] as const),
]);
