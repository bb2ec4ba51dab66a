import { describe, expect, it } from 'vitest';
import type { FileVersion } from '../../../shared/domain/change.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import { builtInChange } from '../policy/built-in-changes.ts';
import type { ChangeToJudge, Classification } from './change-to-judge.ts';
import { createClassifier } from './classify.ts';

const W = '/home/op/w';
const blob = (seed: string) => Digest.parse(Buffer.from(seed.padEnd(32, '.')).toString('hex').slice(0, 64));
const file = (mode = 0o644, seed = 'x'): FileVersion => ({ type: 'file', mode, size: 1, sha256: blob(seed) });
const folder: FileVersion = { type: 'directory', mode: 0o755 };
const link = (target: string): FileVersion => ({ type: 'symlink', target });

const change = (path: string, more: Partial<ChangeToJudge> = {}): ChangeToJudge => ({
  workspace: W,
  path: `${W}/${path}`,
  kind: 'created',
  before: null,
  after: file(),
  isConflict: false,
  isApproved: false,
  tools: ['bash'],
  ...more,
});
const gone = (path: string, before = file()) => change(path, { kind: 'deleted', before, after: null });
const linked = (path: string, target: string) => change(path, { kind: 'symlink', after: link(target) });
const made = (path: string) => change(path, { after: folder });

/** Judges a set over a real tree with the built-in classes alone. */
async function judge(
  changes: readonly ChangeToJudge[],
  tree: Readonly<Record<string, FileVersion>> = {},
): Promise<readonly Classification[]> {
  const classify = createClassifier({ policy: { evaluateChange: ({ classes }) => builtInChange(classes) } });
  const inspect = (_workspace: string, path: string) => Promise.resolve(tree[path.slice(W.length + 1)] ?? null);
  return await classify(changes, { agent: 'a', inspect });
}
const effectOf = async (...given: Parameters<typeof judge>) => (await judge(...given)).map(({ effect }) => effect);

const APPLY = `
src/main.ts README.md docs/guide.md a b.txt src/hooks/use-it.ts hooks/pre-commit notes/config src/config/values.json refs/heads objects/x
data.json blocks.json src/clock.yaml lockstep.md src/package/index.ts src/make.ts test/test_it.py app.py scripts/build.js src/git.ts gitignore
src/.gitkeep profile.md envrc vscode/x src/agents/list.ts CLAUDE.txt environment.yml desktop.ts service.ts Dockerless.md
.git/index .git/HEAD .git/ORIG_HEAD .git/FETCH_HEAD .git/MERGE_HEAD .git/COMMIT_EDITMSG .git/packed-refs .git/refs/heads/main .git/refs/heads/x/config
.git/refs/tags/v1 .git/refs/stash .git/logs/HEAD .git/logs/refs/heads/main .git/objects/ab/cdef0123456789abcdef0123456789abcdef01
.git/objects/pack/pack-0123456789abcdef0123456789abcdef01234567.pack .git/objects/pack/pack-0123456789abcdef0123456789abcdef01234567.idx
.git/objects/info/commit-graph .git/objects/info/packs sub/.git/HEAD sub/.git/objects/ab/cdef0123456789abcdef0123456789abcdef01
.git/modules/lib/HEAD .git/modules/lib/index .git/modules/libs/deep/refs/heads/main .git/modules/a/modules/b/HEAD .git/worktrees/wt/HEAD .git/worktrees/wt/logs/HEAD
node_modules/.cache/babel/x.json node_modules/.vite/deps/package.json node_modules/.vite-temp/vite.config.ts.timestamp-1.mjs node_modules/.vitest/results.json
coverage/lcov.info coverage/.last-run.json coverage/.tmp/coverage-1.json dist/index.js dist/.vite/manifest.json build/app.js target/debug/app.d target/.rustc_info.json
target/debug/.fingerprint/x out/x.o 
.pytest_cache/v/cache/lastfailed .pytest_cache/.gitignore .mypy_cache/x.json .ruff_cache/x .next/package.json .turbo/x .nyc_output/x.json .coverage .eslintcache
playwright-report/index.html test-results/.last-run.json .cache/x`;

const HOLD = `
.git/hooks/pre-commit .git/hooks/x .git/config .git/config.worktree .git/info/exclude .git/info/attributes .git/description .git/commondir .git/gitdir
.git/objects/info/alternates .git/objects/info/http-alternates .git/objects/evil .git/objects/ab/short .git/rebase-merge/git-rebase-todo .git/sequencer/todo .git/index.lock
.git/HEAD.lock .git/shallow .git/branches/x .git/lfs/x .git/hooks/HEAD .git/Hooks/pre-commit .git/INDEX .git/objects/.git/hooks/x .git/refs/.git
.GIT/hooks/pre-commit .Git/config .GIT/HEAD .git./hooks/pre-commit .git /config .git.../config .g\u200cit/hooks/x .git\u200d/config .\ufeffgit/config .gi\u0307t/config
.gıt/config .ｇｉｔ/config GIT~1/hooks/pre-commit git~2/config .git::$INDEX_ALLOCATION/config .git:x/hooks/a a\\.git\\hooks\\x
sub/.git/hooks/pre-commit a/b/c/.git/config vendor/x/.GIT/hooks/post-checkout .git/modules/lib/config .git/modules/lib/hooks/pre-commit
.git/modules/hooks/HEAD .git/modules/lib/info/attributes .git/worktrees/wt/gitdir .git/worktrees/wt/commondir .git/worktrees/wt/config.worktree
.gitmodules .gitattributes sub/.gitattributes .gitignore .gitconfig .hg/hgrc .svn/x
.husky/pre-commit .husky/_/husky.sh .husky/.cache/x .githooks/pre-push git-hooks/x lefthook.yml .pre-commit-config.yaml .lintstagedrc.json
.mcp.json mcp.json sub/.mcp.json .claude/settings.json .cursor/mcp.json .codex/config.toml .opencode/x AGENTS.md CLAUDE.md claude.md sub/GEMINI.md .cursorrules
.github/copilot-instructions.md opencode.json .vscode/tasks.json .VSCODE/tasks.json .vscode /tasks.json .vs\u200bcode/tasks.json .idea/workspace.xml .zed/tasks.json
.devcontainer/devcontainer.json x.code-workspace .editorconfig .exrc .dir-locals.el
.github/workflows/ci.yml .gitlab-ci.yml .circleci/config.yml Jenkinsfile azure-pipelines.yml .travis.yml .envrc sub/.envrc .ENVRC .direnv/x .tool-versions mise.toml .mise.toml
flake.nix shell.nix .bashrc .profile .zshrc .env .env.local .ssh/config .npmrc .yarnrc.yml .unknown .unknown/file src/.hidden/x
x.pth sitecustomize.py lib/usercustomize.py app.desktop unit.service job.timer autostart/x Procfile
Dockerfile Dockerfile.dev api.Dockerfile docker-compose.yml compose.prod.yaml Containerfile Vagrantfile
package-lock.json yarn.lock pnpm-lock.yaml Cargo.lock poetry.lock bun.lockb go.sum Gemfile.lock composer.lock uv.lock deno.lock npm-shrinkwrap.json
package.json sub/package.json Package.JSON package.json. pyproject.toml setup.py setup.cfg requirements.txt requirements-dev.txt Pipfile Gemfile Cargo.toml .cargo/config.toml go.mod
composer.json deno.json pnpm-workspace.yaml .pnpmfile.cjs turbo.json nx.json x.csproj dist/package.json build/setup.py
Makefile makefile GNUmakefile Makefile.am build/Makefile x.mk CMakeLists.txt x.cmake justfile Taskfile.yml Rakefile build.rs build.gradle build.gradle.kts gradlew pom.xml
conftest.py tests/conftest.py tox.ini noxfile.py vite.config.ts vitest.config.mts eslint.config.js app.config.yaml karma.conf.js .eslintrc.json .babelrc .prettierrc Directory.Build.props
node_modules/.bin/tsc node_modules/x/index.js node_modules/.package-lock.json sub/node_modules/a/b.js .venv/bin/python venv/bin/activate .venv/lib/x.py lib/site-packages/a.py`;

/** One path a word; a trailing space of a component is written before the slash. */
const paths = (text: string) =>
  text
    .replace(/(\S) \//g, '$1\u0000/')
    .replace(/^\n/, '')
    .split(/[ \n]+/)
    .map((path) => path.replaceAll('\u0000', ' '));

describe('which paths apply at once', () => {
  it.each(paths(APPLY))('%j applies, made, changed or deleted', async (path) => {
    expect(await effectOf([change(path)])).toEqual(['apply']);
    expect(await effectOf([change(path, { kind: 'modified', before: file(0o644, 'y') })])).toEqual(['apply']);
    if (path.includes('.git/')) return;
    expect(await effectOf([gone(path)])).toEqual(['apply']);
  });

  it.each(paths(HOLD))('%j is held, made, changed or deleted', async (path) => {
    const held = { effect: 'hold', rule: expect.stringMatching(/^builtin:[a-z-]+$/) as string };
    expect(await judge([change(path)])).toMatchObject([held]);
    expect(await judge([change(path, { kind: 'modified', before: file(0o644, 'y') })])).toMatchObject([held]);
    expect(await judge([gone(path)])).toMatchObject([held]);
  });

  it('a name means the same in any case, with anything invisible in it, at any depth', async () => {
    const invisible = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u034f', '\u180e', '\u{e0041}'];
    for (const path of ['.git/hooks/pre-commit', '.vscode/tasks.json', 'package.json', 'Makefile', '.husky/x', 'CLAUDE.md']) {
      for (const extra of invisible) {
        for (let at = 1; at < path.length; at += 1) {
          const smuggled = [path.toUpperCase(), `${path.slice(0, at)}${extra}${path.slice(at)}`, `deep/er/${path}`];
          expect(await effectOf(smuggled.map((name) => change(name)))).toEqual(['hold', 'hold', 'hold']);
        }
      }
    }
    const plain = ['.git/index', 'src/a.ts', 'ma/ke.md'];
    expect(await effectOf(plain.map((name) => change(name)))).toEqual(['apply', 'apply', 'apply']);
  });
});

describe('modes', () => {
  it.each<[string, ChangeToJudge, string]>([
    ['a new program', change('tool', { after: file(0o755) }), 'builtin:executable'],
    ['for the group alone', change('tool', { after: file(0o654) }), 'builtin:executable'],
    ['a mode alone', change('tool', { kind: 'mode', before: file(), after: file(0o755) }), 'builtin:executable'],
    ['a mode alone among the build’s files', change('dist/x', { kind: 'mode', before: file(), after: file(0o755) }), 'builtin:executable'],
    ['a link that becomes a program', change('x', { before: link('y'), after: file(0o755) }), 'builtin:executable'],
    ['set-user-id', change('tool', { before: file(0o755), after: file(0o4755) }), 'builtin:privileged-mode'],
    ['set-group-id without x', change('tool', { after: file(0o2644) }), 'builtin:privileged-mode'],
    ['set-user-id in a build', change('target/x', { after: file(0o4755) }), 'builtin:privileged-mode'],
    ['a program among the objects', change('.git/refs/heads/x', { after: file(0o755) }), 'builtin:executable'],
    ['an edited program', change('tool', { before: file(0o755), after: file(0o755, 'y') }), 'builtin:ordinary-change'],
    ['a program that is none any more', change('tool', { before: file(0o755), after: file() }), 'builtin:ordinary-change'],
    ['a program that a build makes', change('target/debug/app', { after: file(0o755) }), 'builtin:ordinary-change'],
    ['a deleted program', gone('tool', file(0o755)), 'builtin:ordinary-change'],
    ['a shared folder', change('docs', { after: { type: 'directory', mode: 0o2775 } }), 'builtin:ordinary-change'],
  ])('%s', async (_name, given, rule) => {
    expect(await judge([given])).toMatchObject([{ rule }]);
  });
});

describe('links', () => {
  it.each<[string, string]>([
    ['a', 'b.txt'],
    ['docs/a', '../src/b.ts'],
    ['docs/a', './././b'],
    ['a', `${W}/src`],
    ['a', `${W}//src/x`],
    ['a', 'not/there'],
    ['self', '.'],
    ['node_modules2/x', '../packages/x'],
    ['dist/link', '../node_modules/x/y'],
  ])('%s → %s applies', async (path, target) => {
    expect(await effectOf([linked(path, target)])).toEqual(['apply']);
  });

  it.each<[string, string]>([
    ['a', '/etc/passwd'],
    ['a', '/'],
    ['a', '..'],
    ['a', '../other'],
    ['a', '../w/src'],
    ['docs/a', '../../x'],
    ['a', 'src/../../x'],
    ['a', `${W}x/y`],
    ['a', `${W}/../x`],
    ['a', '/home/op/W/src'],
    ['docs', '.git'],
    ['docs', '.GIT/hooks'],
    ['docs/x', '../.git/refs/heads/main'],
    ['docs', 'sub/.git/objects'],
    ['x', '.g\u200dit'],
    ['x', 'package.json'],
    ['x', '.env'],
    ['public/x', '../.vscode/tasks.json'],
    ['x', 'x'],
    ['.git/refs/heads/x', 'main'],
    ['.git/HEAD', 'refs/heads/main'],
    ['.git', 'src'],
    ['.envrc', 'notes.txt'],
    ['Makefile', 'notes.txt'],
  ])('%s → %s is held', async (path, target) => {
    expect(await effectOf([linked(path, target)])).toEqual(['hold']);
  });

  it('follows the links of the set and of the real tree, and those that a set removes no more', async () => {
    expect(await effectOf([linked('a', 'b'), linked('b', 'c/d'), linked('c', '..')])).toEqual(['hold', 'hold', 'hold']);
    expect(await effectOf([linked('a', 'b/hooks'), linked('b', '.git')])).toEqual(['hold', 'hold']);
    expect(await effectOf([linked('a', 'b/x')], { b: link('/etc') })).toEqual(['hold']);
    expect(await effectOf([linked('a', 'b/../x')], { b: link('deep/er'), deep: folder })).toEqual(['apply']);
    expect(await effectOf([linked('a', 'b/../../x')], { b: link('deep/er'), deep: folder })).toEqual(['apply']);
    expect(await effectOf([linked('a', 'b/../../../x')], { b: link('deep/er'), deep: folder })).toEqual(['hold']);
    expect(await effectOf([linked('a', 'b/x'), gone('b', link('/etc'))], { b: link('/etc') })).toEqual(['apply', 'apply']);
    expect(await effectOf([linked('a', 'b'), linked('b', 'a')])).toEqual(['hold', 'hold']);
    const chain = Array.from({ length: 60 }, (_, i) => linked(`l${i}`, `l${i + 1}`));
    expect((await effectOf(chain))[0]).toBe('hold');
    expect((await effectOf(chain)).at(-1)).toBe('apply');
  });
});

describe('repositories', () => {
  const bare = (at: string) => [change(`${at}/HEAD`), change(`${at}/objects/x`), change(`${at}/refs/x`), change(`${at}/config`)];
  const all = (effect: string, count: number) => Array.from({ length: count }, () => effect);

  it.each(['x', 'deep/er/fixture.git', 'build/r', 'dist/.cache/r', 'node_modules/.cache/r', '.git/refs/evil', '.git/logs/evil'])(
    'anything shaped like a bare one is held: %s',
    async (at) => {
      expect(await effectOf(bare(at))).toEqual(all('hold', 4));
      expect(await effectOf([...bare(at), change('src/a.ts')])).toEqual([...all('hold', 4), 'apply']);
    },
  );

  it('also when part of it was there before, is a link, has another case, or points elsewhere', async () => {
    const tree = { x: folder, 'x/objects': folder, 'x/refs': folder, 'x/config': file() };
    expect(await judge([change('x/HEAD')], tree)).toMatchObject([{ rule: 'builtin:bare-repository' }]);
    expect(await effectOf([change('x/config')], { ...tree, 'x/HEAD': file() })).toEqual(['hold']);
    expect(await effectOf([change('x/HEAD'), change('x/commondir'), change('x/a')])).toEqual(all('hold', 3));
    expect(await effectOf([change('X/head'), made('X/Objects'), linked('X/REFS', '../src'), change('X/config')])).toEqual(all('hold', 4));
    expect(await effectOf([change('HEAD'), made('objects'), made('refs'), change('src/a')])).toEqual(all('hold', 4));
  });

  it('but not with one part missing, nor as it is taken away', async () => {
    expect(await effectOf([change('x/HEAD'), made('x/objects'), change('x/config')])).toEqual(all('apply', 3));
    expect(await effectOf([gone('x/HEAD'), gone('x/objects/a'), gone('x/refs/a'), gone('x/config')])).toEqual(all('apply', 4));
    expect(await effectOf([change('x/HEAD'), change('x/objects'), gone('x/refs')], { 'x/refs': folder })).toEqual(all('apply', 3));
  });

  it('a new one: its data applies, its hooks and configuration do not, and the folder is there for the data', async () => {
    const set = [made('n'), made('n/.git'), made('n/.git/hooks'), change('n/.git/hooks/pre-commit', { after: file(0o755) })];
    expect(await effectOf([...set, change('n/.git/config'), change('n/.git/HEAD'), made('n/.git/refs')])).toEqual([
      ...['apply', 'apply', 'hold', 'hold'],
      ...['hold', 'apply', 'apply'],
    ]);
  });

  it('`.git` as a file, and an innocent folder that becomes `.git` by a rename', async () => {
    expect(await effectOf([change('.git'), change('sub/.git', { before: folder })])).toEqual(['hold', 'hold']);
    const renamed = [gone('plain', folder), gone('plain/hooks', folder), gone('plain/hooks/pre-commit'), made('plain2/.git')];
    const after = [
      made('plain2/.git/hooks'),
      change('plain2/.git/hooks/pre-commit'),
      made('plain2/hooks'),
      change('plain2/hooks/pre-commit'),
    ];
    expect(await effectOf([...renamed, ...after])).toEqual(['apply', 'apply', 'apply', 'apply', 'hold', 'hold', 'apply', 'apply']);
  });

  it('a repository is not taken apart at once, while git’s own cleaning up goes on', async () => {
    const tree = { '.git': folder, '.git/HEAD': file(), '.git/objects': folder };
    const whole = [gone('.git', folder), gone('.git/HEAD'), gone('.git/objects', folder), gone('.git/refs/heads/main'), gone('.git/index')];
    expect(await effectOf(whole, tree)).toEqual(all('hold', 5));
    const tidy = [
      gone('.git/refs/heads/old'),
      gone('.git/objects/ab/cdef0123456789abcdef0123456789abcdef01'),
      gone('.git/objects/ab', folder),
    ];
    expect(await effectOf(tidy, tree)).toEqual(all('apply', 3));
  });
});

describe('a set as a whole', () => {
  it('a folder stays while something in it stays', async () => {
    const set = [gone('p', folder), gone('p/a', folder), gone('p/a/x.ts'), gone('p/b', folder), gone('p/b/Makefile')];
    expect(await effectOf(set)).toEqual(['hold', 'apply', 'apply', 'hold', 'hold']);
  });

  it('what a held link replaces stays until then', async () => {
    expect(await effectOf([change('src', { before: folder, after: link('/etc') }), gone('src/a.ts')])).toEqual(['hold', 'hold']);
    expect(await effectOf([change('src', { before: folder, after: link('lib') }), gone('src/a.ts')])).toEqual(['apply', 'apply']);
    expect(await effectOf([change('src', { before: folder, after: link('lib') }), gone('src/Makefile')])).toEqual(['hold', 'hold']);
  });

  it('what the operator approved applies, and the folders it needs; a link or a conflict does not', async () => {
    const approved = { isApproved: true };
    expect(await judge([made('.husky'), change('.husky/pre-commit', { ...approved, after: file(0o755) })])).toMatchObject([
      { effect: 'apply', rule: 'builtin:folder' },
      { effect: 'apply', rule: 'builtin:approved' },
    ]);
    expect(await effectOf([change('Makefile', { ...approved, after: link('x') })])).toEqual(['hold']);
    expect(await judge([change('Makefile', { ...approved, isConflict: true })])).toMatchObject([
      { effect: 'hold', rule: 'builtin:conflict' },
    ]);
    expect(await effectOf([made('.husky'), change('.husky/other'), change('a.ts', approved)])).toEqual(['hold', 'hold', 'apply']);
  });

  it('goes by the strictest rule of everybody who can have made it, and by none where nobody can have', async () => {
    const policy = {
      evaluateChange: ({ tool }: { readonly tool: string }) => ({ effect: effects[tool] ?? 'hold', rule: tool, reason: '' }),
    };
    const effects: Readonly<Record<string, 'apply' | 'hold' | 'drop'>> = { file_write: 'apply', bash: 'hold', file_edit: 'drop' };
    const classify = createClassifier({ policy });
    const context = { agent: 'a', inspect: () => Promise.resolve(null) };
    const rules = (
      await classify(
        [['file_write'], ['bash', 'file_write'], ['bash', 'file_edit', 'file_write'], []].map((tools, at) => change(`f${at}`, { tools })),
        context,
      )
    ).map(({ rule }) => rule);
    expect(rules).toEqual(['file_write', 'bash', 'file_edit', 'builtin:unjudged']);
  });

  it('a conflict waits with everything in it; the workspace itself and no plain path are never touched', async () => {
    const conflict = change('a', { after: folder, isConflict: true });
    expect(await effectOf([conflict, change('a/x.ts'), change('b.ts')])).toEqual(['hold', 'hold', 'apply']);
    const odd = ['', 'a/../b', 'a//b', './a', 'a/', 'a\0b'].map((path) => change(path));
    expect(await effectOf([...odd, change('x', { path: W }), change('x', { path: '/etc/passwd' })])).toEqual(all8('hold'));
  });

  it('20,000 changes in a second or so, and no more looks at the real tree than folders', async () => {
    const set = Array.from({ length: 200 }, (_, i) => i).flatMap((i) => Array.from({ length: 100 }, (_, j) => change(`d${i}/f${j}.txt`)));
    let looks = 0;
    const classify = createClassifier({ policy: { evaluateChange: ({ classes }) => builtInChange(classes) } });
    const inspect = () => {
      looks += 1;
      return Promise.resolve(null);
    };
    const before = process.cpuUsage();
    const judged = await classify(set, { agent: 'a', inspect });
    const { user, system } = process.cpuUsage(before);
    expect(judged.every(({ effect }) => effect === 'apply')).toBe(true);
    expect(looks).toBeLessThan(500);
    expect((user + system) / 1000).toBeLessThan(5000);
  });
});

const all8 = (effect: string) => Array.from({ length: 8 }, () => effect);
