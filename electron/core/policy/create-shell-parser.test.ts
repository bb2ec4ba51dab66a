import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { createShellParser } from './create-shell-parser.ts';
import { runsUnlisted } from './shell/runs-unlisted.ts';

const shell = createShellParser();
beforeAll(async () => {
  await shell.start();
});

const texts = (source: string) => shell.parse(source).commands.map((command) => command.text);

describe('finds every command', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  # only a comment', []],
    ['ls -l src', ['ls -l src']],
    ['ls; id', ['ls', 'id']],
    ['ls && id || pwd', ['ls', 'id', 'pwd']],
    ['ls | wc -l', ['ls', 'wc -l']],
    ['ls & id', ['ls', 'id']],
    ['! ls', ['ls']],
    ['ls\nid', ['ls', 'id']],
    ['ls \\\n  -l', ['ls -l']],
    ['(ls; id)', ['ls', 'id']],
    ['{ ls; id; }', ['ls', 'id']],
    ['echo $(id)', ['echo $(id)', 'id']],
    ['echo "a $(id) b"', ['echo "a $(id) b"', 'id']],
    ['echo `id`', ['echo `id`', 'id']],
    ['echo $(echo $(id))', ['echo $(echo $(id))', 'echo $(id)', 'id']],
    ['diff <(ls) >(id)', ['diff <(ls) >(id)', 'ls', 'id']],
    ['if ls; then id; elif pwd; then a; else b; fi', ['ls', 'id', 'pwd', 'a', 'b']],
    ['while ls; do id; done', ['ls', 'id']],
    ['until ls; do id; done', ['ls', 'id']],
    ['for x in a $(ls); do id; done', ['ls', 'id']],
    ['case $(ls) in a) id;; *) pwd;; esac', ['ls', 'id', 'pwd']],
    ['echo ${x:-$(id)}', ['echo ${x:-$(id)}', 'id']],
    ['cat <<< "$(id)"', ['cat', 'id']],
    ['cat <<EOF\nx $(id)\nEOF\nls', ['cat', 'id', 'ls']],
    ["cat <<'EOF'\n$(id)\nEOF\nls", ['cat', 'ls']],
    ['cat <<-EOF | wc\n\tx\n\tEOF\n', ['cat', 'wc']],
    ['git commit -m "$(cat <<\'EOF\'\nmessage; $(id)\nEOF\n)"', ['git commit -m "$(cat <<\'EOF\'\nmessage; $(id)\nEOF\n)"', 'cat']],
    ['time ls', ['time ls', 'ls']],
    ['echo $((1 + 2))', ['echo $((1 + 2))']],
    ['ls 2>&1 >/dev/null', ['ls']],
  ])('%j', (source, expected) => {
    const analysis = shell.parse(source);
    expect(analysis.commands.map((command) => command.text)).toEqual(expected);
    expect(analysis).toMatchObject({ complete: true, problem: null });
  });

  it('also finds them in arithmetic, but cannot vouch for what the result evaluates', () => {
    expect(texts('echo $(( $(id) + 1 ))')).toContain('id');
    expect(shell.parse('echo $(( $(id) + 1 ))').complete).toBe(false);
  });

  it('lists what changes later commands like a command', () => {
    expect(texts('echo a > out')).toEqual(['echo a', '> out']);
    expect(texts('cat < in >> "o u t"')).toEqual(['cat', '< in', '>> o u t']);
    expect(texts('PATH=. ; ls')).toEqual(['ls', 'PATH=.']);
    expect(texts('A=1 B="2 3" ls')).toEqual(['A=1 B=2 3 ls', 'ls']);
    expect(texts('export A=$(id)')).toEqual(['export A=$(id)', 'id']);
    expect(texts('for PATH in .; do ls; done')).toEqual(['ls', 'PATH=']);
    expect(texts('[ -f a ] && ls')).toEqual(['ls', '[ -f a ]']);
    expect(texts('cat >out -x')).toEqual(['cat -x', '> out']);
  });

  it('tells redirects, words and places', () => {
    const analysis = shell.parse('é=1; cat a "b c" --file=d < in > "$out" 2>/dev/null');
    expect(analysis.redirects).toEqual([
      { target: 'in', writes: false },
      { target: null, writes: true },
    ]);
    expect(analysis.words).toEqual(expect.arrayContaining(['cat', 'a', 'b c', '--file=d', 'd', 'in', '/dev/null']));
    const cat = shell.parse('echo é; cat a').commands[1];
    expect(cat).toMatchObject({ program: 'cat', words: ['cat', 'a'], span: { start: 9, end: 14 } });
  });
});

describe('words', () => {
  it.each<[string, (string | null)[]]>([
    [`r"m" -r'f' \\/`, ['rm', '-rf', '/']],
    [`$'\\x72\\155' $'a\\tb\\u0041'`, ['rm', 'a\tbA']],
    ['echo "a\\"\\$b\\c"', ['echo', 'a"$b\\c']],
    ["echo 'a\\b'", ['echo', 'a\\b']],
    ['echo a"b c"\'d\'e', ['echo', 'ab cde']],
    ['echo ""', ['echo', '']],
    ['echo $x "$x" ${x} *.js [ab] ~/x {a,b} a=~ {}', ['echo', ...Array<null>(8).fill(null), '{}']],
    ['echo a#b 1 -', ['echo', 'a#b', '1', '-']],
  ])('%s', (source, expected) => {
    expect(shell.parse(source).commands[0]?.words).toEqual(expected);
  });

  it('an empty word still shows in the text', () => {
    expect(texts("rm '' x")).toEqual(["rm '' x"]);
  });
});

describe('looks through wrappers, in addition', () => {
  it.each<[string, string]>([
    ['env -i -u X A=1 rm x', 'rm x'],
    ['/usr/bin/env rm x', 'rm x'],
    ['sudo -n -u root rm x', 'rm x'],
    ['sudo -u root env bash -c "rm x"', 'rm x'],
    ['nohup rm x &', 'rm x'],
    ['timeout -s KILL 5 rm x', 'rm x'],
    ['timeout --signal=KILL 5 rm x', 'rm x'],
    ['nice -n 5 rm x', 'rm x'],
    ['nice -5 rm x', 'rm x'],
    ['stdbuf -oL rm x', 'rm x'],
    ['command rm x', 'rm x'],
    ['builtin echo x', 'echo x'],
    ['exec rm x', 'rm x'],
    ['busybox rm x', 'rm x'],
    ['busybox sh -c "rm x"', 'rm x'],
    ['/bin/rm x', 'rm x'],
    ['A=1 rm x', 'rm x'],
    ["bash -c 'rm x'", 'rm x'],
    ["bash -lc 'rm x'", 'rm x'],
    ["bash -o pipefail -ec 'rm x'", 'rm x'],
    ["sh -c 'ls; rm x'", 'rm x'],
    [`bash -c "bash -c 'rm x'"`, 'rm x'],
    ["eval 'rm x'", 'rm x'],
    ['eval rm x', 'rm x'],
    ["trap 'rm x' EXIT", 'rm x'],
    ['xargs -0 -n 1 rm x', 'rm x $@'],
    ['find . -name a -exec rm {} +', 'rm {}'],
    ['time -p env rm x', 'rm x'],
    ['chroot /x rm x', 'rm x'],
  ])('%s', (source, inner) => {
    const analysis = shell.parse(source);
    expect(analysis.commands.map((command) => command.text)).toContain(inner);
    expect(analysis.commands.length).toBeGreaterThan(1);
    expect(analysis.problem).toBeNull();
  });

  it('command -v runs nothing', () => {
    expect(shell.parse('command -v node')).toMatchObject({ complete: true, commands: [{ text: 'command -v node' }] });
  });
});

describe('F39: what is not understood is never complete', () => {
  it.each([
    ['an unclosed quote', 'echo "a'],
    ['an unclosed substitution', 'echo $(ls'],
    ['a missing word', 'ls &&'],
    ['a stray parenthesis', 'ls )'],
    ['a dynamic program', '$X ls'],
    ['a program from a substitution', '$(echo rm) x'],
    ['a program from a glob', './*.sh'],
    ['a program in the home folder', '~/x'],
    ['bash -c with a variable', 'bash -c "$X"'],
    ['bash -c with a substitution', 'bash -c "ls $(cat x)"'],
    ['bash reading its input', 'echo rm | bash'],
    ['bash with a here-document', 'bash <<EOF\nrm x\nEOF'],
    ['bash with an unknown option', 'bash --rcfile x -c ls'],
    ['bash -c that is broken inside', "bash -c 'ls )'"],
    ['zsh', "zsh -c 'ls'"],
    ['eval of a variable', 'eval "$x"'],
    ['an alias', 'alias ls=rm; ls'],
    ['a function that stands in for a program', 'ls() { rm x; }; ls'],
    ['hash -p', 'hash -p ./x ls; ls'],
    ['shopt', 'shopt -s expand_aliases'],
    ['enable', 'enable -f ./x.so ls'],
    ['env -S', "env -S 'rm x'"],
    ['an unknown option of a wrapper', 'timeout --frobnicate 5 ls'],
    ['a dynamic option of a wrapper', 'sudo $X ls'],
    ['find with two -exec', 'find . -exec a {} \\; -exec b {} \\;'],
    ['parallel', 'parallel rm ::: x'],
    ['su', "su -c 'rm x'"],
    ['coproc', 'coproc ls'],
    ['indirect expansion', 'echo ${!x}'],
    ['prompt expansion', 'echo ${x@P}'],
    ['arithmetic on a variable', 'echo $((x))'],
    ['a subscript', 'echo ${a[x]}'],
    ['a subscript in a name', "printf -v 'a[$(id)]' x"],
    ['test -v', "test -v 'a[$(id)]'"],
    ['[[ -eq ]] on a variable', '[[ $x -eq 0 ]]'],
    ['let', "let 'a[$(id)]'"],
    ['an arithmetic loop over a variable', 'for ((i=x;;)); do ls; done'],
    ['a translated string', 'echo $"x"'],
    ['a NUL', 'ls\u0000rm'],
    ['a carriage return', 'ls\rrm'],
    ['an escape sequence', 'ls \u001b[2J'],
    ['a lone surrogate', 'ls \ud800'],
    ['more than 64 kB', `echo ${'a'.repeat(65_536)}`],
    ['64 kB in other characters', `echo ${'é'.repeat(33_000)}`],
    ['deep nesting', `${'$('.repeat(200)}ls${')'.repeat(200)}`],
    ['deep bash -c', nest(10)],
    ['thousands of commands', 'a;'.repeat(5000)],
    ['two here-documents at once', 'cat <<A <<B\nx\nA\ny\nB\n'],
    ['a here-document with a strange end', 'cat <<E"O"F\nx\nEOF\nls'],
    ['backquotes with escapes', 'echo `echo \\`id\\``'],
    ['a reserved word as a program', 'time if ls; then id; fi'],
    ['a program with a blank', '"rm -rf" /'],
    ['an extended glob', 'shopt -s extglob; ls !(a)'],
  ])('%s', (_name, source) => {
    const analysis = shell.parse(source);
    expect(analysis.complete).toBe(false);
    expect(analysis.problem).toEqual(expect.any(String));
  });

  it.each(['a\u00a0b', 'ls\u2003-l', 'ls\u3000x'])('blanks that bash does not know stay inside their word: %j', (source) => {
    const analysis = shell.parse(source);
    expect(analysis.complete && analysis.commands[0]?.words.length !== bashWords(source)).toBe(false);
  });

  it.each(['(', '$(', '"$(', '{ ', 'a|', '<<A ', '`', 'a[', '${a:-', '<(', 'case a in ', '$((', '!', 'a=', '[[ ', "$'", '\\'])(
    'answers soon on 64 kB of %j',
    (piece) => {
      const started = performance.now();
      shell.parse(piece.repeat(Math.floor(64_000 / piece.length)));
      expect(performance.now() - started).toBeLessThan(3000);
      expect(shell.parse('ls -l').commands.map((command) => command.text)).toEqual(['ls -l']);
    },
  );

  it('has no grammar: says so before and fails at start', async () => {
    expect(() => createShellParser().parse('ls')).toThrow('not loaded');
    await expect(createShellParser({ grammar: new Uint8Array([1, 2, 3]) }).start()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

/** SECURITY: the oracle is bash itself: what it really runs must be among what was found, or the analysis must not be complete. */
describe('agrees with bash about what runs', () => {
  const pieces = [
    'p1',
    ' ',
    ' ',
    ';',
    '|',
    '&&',
    '\n',
    '"',
    "'",
    '$(p2)',
    '`p3`',
    '#',
    '\\',
    '(',
    ')',
    '{ ',
    ' }',
    '<<E\n',
    '\nE\n',
    'a',
    '$x',
    '<<<',
    "$'",
    '~',
    'if ',
    'then ',
    'fi',
    '\\\n',
    '${y:-',
    '}',
    '!',
    'p4 b',
    '$"',
  ];

  it('on random texts', () => {
    const random = seeded(7);
    const sources = Array.from({ length: 4000 }, () =>
      Array.from({ length: 2 + Math.floor(random() * 9) }, () => pieces[Math.floor(random() * pieces.length)]).join(''),
    );
    const ran = runInBash(sources);
    let complete = 0;
    let compared = 0;
    for (const [index, source] of sources.entries()) {
      const analysis = shell.parse(source);
      if (!analysis.complete) continue;
      complete += 1;
      const known = new Set(analysis.commands.map((command) => command.program));
      for (const program of ran[index] ?? []) {
        compared += 1;
        expect(known.has(program), `${JSON.stringify(source)} ran ${program}`).toBe(true);
      }
    }
    expect(complete).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(100);
  });
});

describe('programs that run files which are not listed', () => {
  it.each<[string, string[]]>([
    ['make', ['make']],
    ['npm test && npx x', ['npm', 'npx']],
    ['python3.12 a.py', ['python3.12']],
    ['/usr/bin/node a.js', ['/usr/bin/node', 'node']],
    ['bash x.sh', ['bash']],
    ['git commit -m x', ['git']],
    ['git ls-files', []],
    ['git -c a=b ls-files', ['git']],
    ['find . -name x', []],
    ['find . -exec cat {} +', ['find']],
    ['cargo test', ['cargo']],
    ['cargo --version', []],
    ['go build ./...', ['go']],
    ['docker run x', ['docker']],
    ["awk '{print}' x", ['awk']],
    ["sed 's/a/b/' x", []],
    ["sed 's/a/b/e' x", ['sed']],
    ['echo x | xargs cat', ['xargs']],
    ['env make', ['make']],
    ['ls -l; cat x', []],
  ])('%s', (source, expected) => {
    expect(runsUnlisted(shell.parse(source))).toEqual(expected);
  });
});

function nest(depth: number): string {
  let text = 'ls';
  for (let level = 0; level < depth; level += 1) text = `bash -c ${JSON.stringify(text).replaceAll('$', '\\$')}`;
  return text;
}

function bashWords(source: string): number {
  return Number(execFileSync('bash', ['-c', `f() { echo $#; }; f ${source}`], { encoding: 'utf8' }));
}

/** Runs every text in a bash that finds no program at all and notes each name that it looked for. No text here can redirect output. */
function runInBash(sources: readonly string[]): string[][] {
  const script = `exec 9>&1
    command_not_found_handle() { printf '%s\\0' "R$1" >&9; return 0; }
    while IFS= read -r -d '' text; do printf '%s\\0' N >&9; ( eval "$text"; wait ) </dev/null >/dev/null 2>&1; done; true`;
  const output = execFileSync('/bin/bash', ['--norc', '-c', script], {
    input: sources.map((source) => `${source}\0`).join(''),
    env: { PATH: '/nonexistent', x: 'xx' },
    encoding: 'utf8',
    cwd: '/',
  });
  return output
    .split('N\0')
    .slice(1)
    .map((block) => block.split('\0').flatMap((entry) => (entry.startsWith('R') ? [entry.slice(1)] : [])));
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 4294967296;
  };
}
