import type { ChangeClass } from '../../../shared/domain/policy.ts';

/** Names of a class, matched against folded names, so all in lower case. */
interface NamedClass {
  readonly id: ChangeClass;
  /** Any component of the path, and all that lies in such a folder. */
  readonly folders?: RegExp;
  /** The last component of what is no folder. */
  readonly files?: RegExp;
}

/** What programs outside the sandbox run or obey by its name. The first match names the class. */
export const NAMED: readonly NamedClass[] = [
  { id: 'git', folders: /^\.(hg|svn|jj|bzr)$/, files: /^(\.git(attributes|modules|config|ignore)|\.mailmap)$/ },
  {
    id: 'hooks',
    folders: /^(\.husky|\.?git-?hooks|\.lefthook)$/,
    files: /^(\.?lefthook(-local)?\.(ya?ml|toml|json)|\.pre-commit-(config|hooks)\.ya?ml|\.(simple-git-hooks|lintstagedrc|huskyrc).*)$/,
  },
  {
    id: 'agent',
    folders: /^\.(claude|codex|opencode|cursor|gemini|windsurf|continue|aider.*|roo|clinerules|kiro|agents?|mcp)$/,
    files:
      /^((agents|claude|gemini|copilot-instructions)(\.local|\.override)?\.md|\.?mcp\.json|opencode\.jsonc?|\.(cursor|windsurf|cline|goose)rules)$/,
  },
  {
    id: 'editor',
    folders: /^\.(vscode|idea|fleet|zed|vs|devcontainer|nvim|settings)$/,
    files: /^(.*\.(code-workspace|sublime-project|iml)|\.editorconfig|\.dir-locals(-2)?\.el|\.?(exrc|n?vimrc|nvim\.lua))$/,
  },
  {
    id: 'ci',
    folders: /^\.(github|gitlab|circleci|buildkite|forgejo|gitea|drone|woodpecker|tekton|azure-pipelines|teamcity)$/,
    files:
      /^(\.gitlab-ci.*\.ya?ml|\.?(travis|appveyor|drone|woodpecker|cirrus)\.ya?ml|(azure|bitbucket)-pipelines.*|jenkinsfile.*|cloudbuild\.ya?ml)$/,
  },
  {
    id: 'shell',
    folders: /^\.(direnv|mise|asdf|ssh|gnupg|aws|kube|docker)$/,
    files: /^(\.envrc|\.tool-versions|\.?mise(\..*)?\.toml|.*\.nix|flake\.lock|devbox\.json|devenv\.(ya?ml|lock))$/,
  },
  {
    id: 'startup',
    folders: /^(autostart|systemd)$/,
    files: /^(.*\.(service|timer|socket|desktop|pth)|(sitecustomize|usercustomize)\.py|procfile.*)$/,
  },
  {
    id: 'container',
    files:
      /^((.*\.)?(docker|container)file.*|(docker-)?compose.*\.ya?ml|docker-bake\..*|vagrantfile|\.dockerignore|skaffold\.ya?ml|tiltfile)$/,
  },
  {
    id: 'lockfile',
    files: /^((.*[-_.])?lock(file|b)?(\.(json|ya?ml|toml|hcl))?|npm-shrinkwrap\.json|go(\.work)?\.sum|package\.resolved)$/,
  },
  {
    id: 'package',
    folders: /^\.(yarn|pnpm|cargo|bundle|mvn|npm|nuget)$/,
    files:
      /^(package\.(json|json5|ya?ml)|\.(npm|yarn|pnpm)rc.*|\.pnpmfile\.c?js|pnpm-workspace\.ya?ml|(lerna|nx|turbo|rush|bower|composer|deno|jsr)\.jsonc?|go\.(mod|work)|requirements.*\.(txt|in)|constraints.*\.txt|pipfile|gemfile.*|.*\.gemspec|podfile|pyproject\.toml|setup\.(py|cfg)|cargo\.toml|rust-toolchain(\.toml)?|mix\.exs|rebar\.config|pubspec\.ya?ml|package\.swift|.*\.(cs|fs|vb)proj|nuget\.config|pip\.conf)$/,
  },
  {
    id: 'build',
    files:
      /^((gnu)?makefile.*|.*\.(mk|mak|cmake|gradle(\.kts)?|bzl|bazel|props|targets|sln)|\.?justfile|taskfile.*|(rake|grunt|gulp|jake|cake)file.*|cmakelists\.txt|build\.(rs|xml|zig|sbt)|gradlew(\.bat)?|gradle\.properties|mvnw(\.cmd)?|pom\.xml|workspace|sconstruct|wscript|meson\.build|conftest\.py|tox\.ini|noxfile\.py|pytest\.ini|.*\.config\..*|.*\.(conf|rc|setup|workspace)\.([cm]?[jt]sx?|jsonc?)|\.?(babel|eslint|prettier|stylelint|swc|mocha|nyc|pylint|jshint)rc.*)$/,
  },
  {
    id: 'dependencies',
    folders: /^(node_modules|bower_components|\.?venv|site-packages|dist-packages|\.tox|\.nox|\.eggs|__pypackages__|__pycache__)$/,
  },
];

/** Dot names that nothing obeys. */
export const PLAIN_DOT =
  /^\.(gitkeep|keep|npmkeep|ds_store|coverage(\..*)?|(eslint|stylelint|prettier)cache|tsbuildinfo|nojekyll|phpunit\.result\.cache)$/;

/** Folders that tools fill for themselves and can always fill again; the names in them mean nothing to anybody else. */
export const CACHES =
  /^(\.cache|\.(vite|vite-temp|vitest|parcel-cache|rollup\.cache|sass-cache|swc|angular|dart_tool|gradle|turbo|next|nuxt|output|svelte-kit|astro|docusaurus|zig-cache|nyc_output|hypothesis|ipynb_checkpoints|stryker-tmp)|\.(pytest|mypy|ruff|eslint|jest|webpack)_?cache)$/;

/** Folders that a build fills: what has a meaning by its name keeps it there; dot names and new executables are nothing out of the way. */
export const OUTPUTS = /^(dist|build|out|target|coverage|_build|obj|cmake-build-.*|htmlcov|playwright-report|test-results)$/;
