import { defineConfig } from 'vitest/config';

// Three kinds of test. `unit` may run side by side. `e2e` drives a real window, so one at a time, on the display that the caller provides.
// `user` proves things about permissions and sandboxes, which mean nothing as root: scripts/test.mjs runs it as an ordinary user.
const sources = (suffix: string): string[] => [`{electron,shared,scripts,bench}/**/*${suffix}.ts`, `renderer/**/*${suffix}.{ts,tsx}`];
const E2E = sources('.e2e.test');
const USER = sources('.user.test');
const SETUP = ['scripts/vitest-setup.mjs'];
const MINUTE = 60_000;
// Real windows, kernels, file watchers and other programs answer in their own time on a busy machine. A second try is reported as one.
const SECOND_TRY = 1;

export default defineConfig({
  test: {
    passWithNoTests: false,
    allowOnly: false,
    maxWorkers: 2,
    // electron-builder's output and the cache hold copies of sources.
    exclude: ['node_modules/**', 'dist/**', 'release/**', '.cache/**'],
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: sources('.test'),
          exclude: [...E2E, ...USER],
          retry: SECOND_TRY,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: E2E,
          retry: SECOND_TRY,
          globalSetup: SETUP,
          fileParallelism: false,
          testTimeout: 2 * MINUTE,
          hookTimeout: 2 * MINUTE,
        },
      },
      {
        test: {
          name: 'user',
          environment: 'node',
          include: USER,
          globalSetup: SETUP,
          fileParallelism: false,
          retry: SECOND_TRY,
          testTimeout: 5 * MINUTE,
          hookTimeout: 2 * MINUTE,
        },
      },
    ],
  },
});
