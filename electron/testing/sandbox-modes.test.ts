import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createAllowlist } from '../adapters/allowlist/allowlist.ts';
import { createBare } from '../adapters/bare/bare.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { createChangeBus } from '../core/change-bus.ts';
import type { Runner } from '../core/ports/runner.ts';
import { createSandboxSwitch, type SandboxSwitch } from '../core/sandbox/sandbox-switch.ts';
import type { SandboxMode } from '../../shared/domain/sandbox.ts';
import type { JsonObject } from '../../shared/json.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeStore } from './fake-store.ts';
import { openSandboxWorld, testProfile, type SandboxWorld } from './sandbox-world.ts';

interface Modes {
  readonly world: SandboxWorld;
  readonly sandbox: SandboxSwitch;
  readonly changes: JsonObject[];
  /** What it printed, or the code of the refusal. */
  run(text: string): Promise<string>;
}

let opened: { readonly modes: Modes; readonly runner: Runner } | null = null;
afterEach(async () => {
  await opened?.modes.sandbox.stop();
  await opened?.runner.stop();
  await opened?.modes.world.close();
  opened = null;
});

/** The real sandboxes behind the switch; `path` is where bubblewrap is looked for. */
const open = async (mode: SandboxMode, path: string): Promise<Modes> => {
  const world = await openSandboxWorld({ findProgram: createFindProgram(path) });
  const runner = createRunner();
  const { checkWorkspace } = createFiles({ protectedPaths: [world.data], home: world.home });
  const store = createFakeStore({ clock: createFakeClock() });
  await store.start();
  const changes: JsonObject[] = [];
  const sandbox = createSandboxSwitch({
    mode: () => mode,
    bubblewrap: world.sandbox,
    allowlist: createAllowlist({ runner, protectedPaths: [world.data], checkWorkspace }),
    bare: createBare({ runner, home: world.home, checkWorkspace }),
    layer: () => null,
    limits: () => null,
    store,
    record: async (data) => void changes.push(data),
    bus: createChangeBus(),
    onError: () => undefined,
  });
  const modes: Modes = {
    world,
    sandbox,
    changes,
    run: async (text) =>
      sandbox
        .run(
          {
            argv: ['/bin/bash', '--noprofile', '--norc', '-c', text],
            cwd: world.workspace,
            workspaces: [world.workspace],
            mount: { kind: 'scratch' },
            profile: testProfile,
            env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
            timeoutMs: 10_000,
            outputLimit: 10_000,
            tty: false,
            network: null,
          },
          new AbortController().signal,
        )
        .then(
          ({ output }) => output,
          (error: unknown) => (error as { code: string }).code,
        ),
  };
  opened = { modes, runner };
  writeFileSync(join(world.workspace, 'note'), 'a note\n');
  return modes;
};

const usual = '/usr/local/bin:/usr/bin:/bin';
const withoutBubblewrap = '/nonexistent';

describe('what commands run in', () => {
  it('F53: auto is bubblewrap where it works: the control for what follows', async () => {
    const { sandbox, changes, run, world } = await open('auto', usual);
    expect(await sandbox.probe()).toMatchObject({ mode: 'auto', effective: 'bubblewrap', reason_for_downgrade: null });
    expect(await run('cat note | tr a-z A-Z; touch made')).toBe('A NOTE\n');
    expect(existsSync(join(world.workspace, 'made'))).toBe(true);
    expect(await run(`cat ${world.root}/canary`)).not.toContain(world.secret);
    expect(changes).toEqual([]);
  });

  it('F53: auto without bubblewrap in the PATH is the allowlist, visible and in the log', async () => {
    const { sandbox, changes, run, world } = await open('auto', withoutBubblewrap);
    expect(await sandbox.probe()).toMatchObject({
      mode: 'auto',
      effective: 'allowlist',
      reason_for_downgrade: expect.stringContaining('bubblewrap is not installed') as string,
      fix: expect.stringContaining('bubblewrap') as string,
    });
    expect(changes).toMatchObject([{ before: null, after: { mode: 'auto', effective: 'allowlist' } }]);
    expect(await run('cat note')).toBe('a note\n');
    expect(await run('touch made')).toBe('forbidden');
    expect(await run('cat note; touch made')).toBe('forbidden');
    expect(await run('cat ../canary')).toBe('forbidden');
    expect(existsSync(join(world.workspace, 'made'))).toBe(false);
  });

  it('F54: always without bubblewrap runs nothing, not even what the allowlist would', async () => {
    const { sandbox, changes, run, world } = await open('always', withoutBubblewrap);
    expect(await sandbox.probe()).toMatchObject({ mode: 'always', effective: 'refuse' });
    expect(changes).toMatchObject([{ after: { mode: 'always', effective: 'refuse' } }]);
    expect(await run('cat note')).toBe('unavailable');
    expect(await run('touch made')).toBe('unavailable');
    expect(existsSync(join(world.workspace, 'made'))).toBe(false);
  });

  it('F55: off runs bare, and the status and the log say so', async () => {
    const { sandbox, changes, run, world } = await open('off', usual);
    expect(await sandbox.probe()).toMatchObject({ mode: 'off', effective: 'none', reason_for_downgrade: 'safety.bash_sandbox is off' });
    expect(changes).toMatchObject([{ after: { mode: 'off', effective: 'none' } }]);
    expect(await run(`cat ${world.root}/canary; echo x > ../made`)).toBe(world.secret);
    expect(readFileSync(join(world.root, 'made'), 'utf8')).toBe('x\n');
    expect(await run('echo $HOME')).toBe(`${world.home}\n`);
  });

  it('F54: before it has been tried, nothing runs', async () => {
    const { run, world } = await open('auto', usual);
    expect(await run('touch made')).toBe('unavailable');
    expect(existsSync(join(world.workspace, 'made'))).toBe(false);
  });
});
