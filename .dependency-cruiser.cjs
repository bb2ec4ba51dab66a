// Imports only ever point one way (docs/architecture.md); `import type` counts.
//   shared ← core ← adapters        shared ← core ← {gateway, operator}        {adapters, gateway, operator} ← compose ← {host, cli}
//   shared/contract ← preload       shared ← renderer/{lib,ui} ← renderer/features/<one> ← renderer/app
// A folder may import what stands anywhere to its left. Tests obey the same, and may besides use vitest and electron/testing/.
const TEST = '\\.test\\.tsx?$';
const OURS = '^(electron|renderer|shared)/';
// Not anchored: node_modules may be a link to another folder's.
const PACKAGE = '(^|/)node_modules/';
const VITEST = `${PACKAGE}(vitest|@vitest)/`;

/** Refuses every import by `from` of our own files, except those under `to`. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: ['\\.e2e\\.test\\.tsx?$'] },
  to: { path: OURS, pathNot: to },
});

/** The same for product code and its tests: tests may also use electron/testing/. */
const layer = (name, from, to, comment) => [
  { ...only(name, from, to, comment), from: { path: from, pathNot: [TEST] } },
  only(`${name}-tests`, `${from}.*${TEST}`, [...to, '^electron/testing/'], comment),
];

const SHARED = '^shared/';
const CORE = ['^electron/core/', SHARED];
const COMPOSED = ['^electron/(adapters|gateway|operator|callbacks)/', ...CORE];
const HOSTED = ['^electron/[^/]+\\.ts$', '^electron/compose/', ...COMPOSED];
const CORE_PACKAGES = [
  'zod',
  'yaml',
  'web-tree-sitter',
  'tree-sitter-bash',
  'croner',
  're2js',
  'picomatch',
  '@types/node',
  '@types/picomatch',
];

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true, pathNot: '^electron$' },
    },

    ...layer('shared-stands-alone', SHARED, [SHARED], 'shared/ is imported by everything and imports nothing of ours.'),
    {
      name: 'shared-runs-anywhere',
      severity: 'error',
      comment: 'shared/ also runs in pages: no Node builtins, and no package but zod.',
      from: { path: SHARED, pathNot: TEST },
      to: { pathNot: [SHARED, `${PACKAGE}zod/`] },
    },

    ...layer('core-knows-no-world', '^electron/core/', CORE, 'core/ asks the world through ports.'),
    {
      name: 'core-packages',
      severity: 'error',
      comment: 'core/ imports a short list of pure packages, and no native addon.',
      from: { path: '^electron/core/', pathNot: TEST },
      to: { dependencyTypesNot: ['core'], pathNot: [OURS, ...CORE_PACKAGES.map((name) => `${PACKAGE}${name}/`)] },
    },
    {
      name: 'core-builtins',
      severity: 'error',
      comment: 'SECURITY: core/ decides; it never starts a program or opens a connection itself.',
      from: { path: '^electron/core/', pathNot: TEST },
      to: { path: '^(node:)?(child_process|net|tls|dgram|http|https|http2|dns|dns/promises|inspector|cluster|sqlite)$' },
    },

    ...layer(
      'adapters-serve-ports',
      '^electron/adapters/',
      ['^electron/adapters/', ...CORE],
      'An adapter knows the port it serves and nothing above it.',
    ),
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      comment:
        'Sibling adapters never import each other; compose.ts introduces them. The exception: the one way to walk and hold real files by descriptor.',
      from: { path: '^electron/adapters/([^/.]+)', pathNot: ['\\.e2e\\.test\\.tsx?$'] },
      to: {
        path: '^electron/adapters/',
        pathNot: ['^electron/adapters/$1(/|\\.)', '^electron/adapters/files/(descriptors|protected-places|walk)\\.ts$'],
      },
    },

    ...layer(
      'gateway-is-the-agents-plane',
      '^electron/gateway/',
      ['^electron/gateway/', ...CORE],
      "SECURITY: the agents' plane cannot even name an operator verb.",
    ),
    ...layer(
      'callbacks-only-answer',
      '^electron/callbacks/',
      ['^electron/callbacks/', ...CORE],
      'SECURITY: the listener for answers from chats knows neither the agents’ nor the operator’s plane.',
    ),
    ...layer(
      'operator-is-the-operators-plane',
      '^electron/operator/',
      ['^electron/operator/', ...CORE],
      "The operator plane reaches the agents' plane only through core/.",
    ),
    ...layer(
      'compose-is-the-root',
      '^electron/compose(/|\\.ts$)',
      ['^electron/compose(/|\\.ts$)', '^electron/[^/]+\\.ts$', ...COMPOSED],
      'compose.ts knows neither window nor command.',
    ),
    ...layer('host-stands-on-compose', '^electron/host/', ['^electron/host/', ...HOSTED], 'host/ is one of two fronts of compose.ts.'),
    ...layer('cli-stands-on-compose', '^electron/cli/', ['^electron/cli/', ...HOSTED], 'cli/ is one of two fronts of compose.ts.'),
    ...layer(
      'preload-knows-the-contract',
      '^electron/preload/',
      ['^electron/preload/', '^shared/contract'],
      'SECURITY: the preload carries the bridge and nothing else.',
    ),

    {
      name: 'electron-in-host-and-preload',
      severity: 'error',
      comment: 'Only host/ and preload/ import electron: everything else also runs without it.',
      from: { path: OURS, pathNot: ['^electron/(host|preload)/'] },
      to: { path: ['^electron$', `${PACKAGE}electron/`] },
    },
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      comment: 'Fakes never reach the product.',
      from: { path: OURS, pathNot: ['^electron/testing/', TEST] },
      to: { path: ['^electron/testing/', TEST, VITEST] },
    },

    ...layer('renderer-ui-and-lib', '^renderer/(ui|lib)/', ['^renderer/(ui|lib)/', SHARED], 'ui/ and lib/ know no feature.'),
    ...layer(
      'renderer-features',
      '^renderer/features/',
      ['^renderer/(features|ui|lib)/', SHARED],
      'A feature knows neither the shell nor the main process.',
    ),
    {
      name: 'renderer-features-are-strangers',
      severity: 'error',
      comment: 'No feature imports another.',
      from: { path: '^renderer/features/([^/]+)/' },
      to: { path: '^renderer/features/', pathNot: '^renderer/features/$1/' },
    },
    ...layer('renderer-knows-the-bridge', '^renderer/', ['^renderer/', SHARED], 'The pages know only window.bridge.'),
    {
      name: 'renderer-runs-in-a-page',
      severity: 'error',
      comment: 'No Node builtins in a page.',
      from: { path: '^renderer/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },

    {
      name: 'no-dev-packages-in-the-product',
      severity: 'error',
      comment:
        'What ships must be in dependencies. The exceptions: electron itself, and the SQLite that stands in where Node has none (development only).',
      from: { path: '^(electron|shared)/', pathNot: ['^electron/testing/', TEST] },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: [`${PACKAGE}(electron|@photostructure/sqlite|@types/[^/]+)/`],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '^\\.cache/'] },
    builtInModules: { add: ['node:sqlite', 'node:sea', 'node:test'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
