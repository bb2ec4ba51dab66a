/** One kind of toolchain: what of it is shown. Paths are relative to its root, `*` is any one name. */
export interface ToolchainKind {
  readonly name: string;
  /** Relative to HOME. */
  readonly root: string;
  /** SECURITY: a list of what is shown, never of what is hidden. What programs keep keys in (npmrc, pip.conf, credentials.toml …) is on none. */
  readonly show: readonly string[];
  /** Folders for PATH; where `*` fits several, the highest version counts. */
  readonly bin: readonly string[];
  /** Variables that lead programs to it; values are relative to the root. */
  readonly env?: Readonly<Record<string, string>>;
}

const parts = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libexec', 'include', 'share', 'openssl', 'ssl', 'man'];
const texts = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'README.md', 'README', 'CHANGELOG.md', 'NOTICE', 'NOTICE.txt', 'VERSION', 'release'];
const installed = (prefix: string): string[] => [...parts, ...texts].map((part) => `${prefix}/${part}`);
const goTree = (prefix: string): string[] =>
  ['bin', 'pkg', 'src', 'lib', 'api', 'misc', 'test', 'VERSION'].map((part) => `${prefix}/${part}`);
const javaTree = (prefix: string): string[] => ['conf', 'jmods', 'legal', 'demo'].map((part) => `${prefix}/${part}`);
const gems = (prefix: string): string[] =>
  ['bin', 'gems', 'specifications', 'extensions', 'plugins', 'build_info', 'doc'].map((part) => `${prefix}/${part}`);

const conda = (root: string): ToolchainKind => ({
  name: 'conda',
  root,
  show: [...parts, 'condabin', 'compiler_compat', 'x86_64-conda-linux-gnu', ...installed('envs/*')],
  bin: ['bin'],
});

export const toolchainKinds: readonly ToolchainKind[] = [
  {
    name: 'nvm',
    root: '.nvm',
    show: ['nvm.sh', 'nvm-exec', 'bash_completion', 'alias', ...installed('versions/node/*')],
    bin: ['versions/node/*/bin'],
    env: { NVM_DIR: '.' },
  },
  ...['.local/share/fnm', '.fnm'].map((root) => ({
    name: 'fnm',
    root,
    show: ['aliases', ...installed('node-versions/*/installation')],
    bin: ['node-versions/*/installation/bin'],
  })),
  {
    name: 'volta',
    root: '.volta',
    show: ['bin', ...installed('tools/image/*/*'), ...installed('tools/image/packages/*')],
    bin: ['tools/image/node/*/bin', 'tools/image/yarn/*/bin', 'tools/image/pnpm/*/bin'],
  },
  {
    name: 'pyenv',
    root: '.pyenv',
    show: ['bin', 'libexec', 'shims', 'version', 'plugins', 'pyenv.d', 'completions', ...installed('versions/*')],
    bin: ['shims', 'bin'],
    env: { PYENV_ROOT: '.' },
  },
  {
    name: 'rbenv',
    root: '.rbenv',
    show: ['bin', 'libexec', 'shims', 'version', 'plugins', 'rbenv.d', 'completions', ...installed('versions/*')],
    bin: ['shims', 'bin'],
    env: { RBENV_ROOT: '.' },
  },
  {
    name: 'asdf',
    root: '.asdf',
    show: [
      'bin',
      'lib',
      'libexec',
      'shims',
      'plugins',
      'asdf.sh',
      'completions',
      'internal',
      ...installed('installs/*/*'),
      ...goTree('installs/golang/*/go'),
      ...javaTree('installs/java/*'),
    ],
    bin: ['shims', 'bin'],
    env: { ASDF_DATA_DIR: '.', ASDF_DIR: '.' },
  },
  {
    name: 'mise',
    root: '.local/share/mise',
    show: [...installed('installs/*/*'), ...goTree('installs/go/*'), ...javaTree('installs/java/*')],
    bin: [
      'installs/node/*/bin',
      'installs/python/*/bin',
      'installs/go/*/bin',
      'installs/ruby/*/bin',
      'installs/java/*/bin',
      'installs/bun/*/bin',
      'installs/deno/*/bin',
      'installs/rust/*/bin',
    ],
  },
  { name: 'cargo', root: '.cargo', show: ['bin'], bin: ['bin'] },
  { name: 'rustup', root: '.rustup', show: ['toolchains', 'settings.toml'], bin: [], env: { RUSTUP_HOME: '.' } },
  { name: 'go', root: 'go', show: ['bin'], bin: ['bin'] },
  { name: 'go', root: 'sdk', show: goTree('*'), bin: ['*/bin'] },
  { name: 'go', root: '.local/go', show: goTree('.').map((path) => path.slice(2)), bin: ['bin'] },
  { name: 'bun', root: '.bun', show: ['bin'], bin: ['bin'] },
  { name: 'deno', root: '.deno', show: ['bin'], bin: ['bin'] },
  {
    name: 'sdkman',
    root: '.sdkman',
    show: [
      ...installed('candidates/*/*'),
      ...javaTree('candidates/java/*'),
      'candidates/maven/*/boot',
      'candidates/gradle/*/init.d',
      'candidates/*/current',
    ],
    bin: [
      'candidates/java/*/bin',
      'candidates/maven/*/bin',
      'candidates/gradle/*/bin',
      'candidates/kotlin/*/bin',
      'candidates/scala/*/bin',
    ],
  },
  {
    name: 'pnpm',
    root: '.local/share/pnpm',
    show: ['pnpm', 'pnpx', 'bin', 'global', '.tools', ...installed('nodejs/*')],
    bin: ['.', 'bin', 'nodejs/*/bin'],
  },
  { name: 'npm', root: '.npm-global', show: ['bin', 'lib', 'share'], bin: ['bin'] },
  { name: 'yarn', root: '.yarn', show: ['bin'], bin: ['bin'] },
  { name: 'composer', root: '.config/composer', show: ['vendor'], bin: ['vendor/bin'] },
  { name: 'composer', root: '.composer', show: ['vendor'], bin: ['vendor/bin'] },
  { name: 'gem', root: '.gem/ruby', show: gems('*'), bin: ['*/bin'] },
  { name: 'gem', root: '.local/share/gem/ruby', show: gems('*'), bin: ['*/bin'] },
  { name: 'uv', root: '.local/share/uv', show: [...installed('python/*'), ...installed('tools/*'), 'tools/*/pyvenv.cfg'], bin: [] },
  { name: 'pipx', root: '.local/share/pipx', show: [...installed('venvs/*'), 'venvs/*/pyvenv.cfg', ...installed('shared')], bin: [] },
  ...['miniconda3', 'anaconda3', 'miniforge3', 'mambaforge'].map(conda),
];
