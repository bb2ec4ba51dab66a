import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBubblewrap, type Bubblewrap } from '../../electron/adapters/bubblewrap/bubblewrap.ts';
import { createFindProgram } from '../../electron/adapters/bubblewrap/find-program.ts';
import { createChangeFiles } from '../../electron/adapters/change-files/change-files.ts';
import { createFiles } from '../../electron/adapters/files/files.ts';
import { createLayers } from '../../electron/adapters/layers/layers.ts';
import { createRunner } from '../../electron/adapters/runner/runner.ts';
import { createGatehouse } from '../../electron/compose.ts';
import type { ChangeFiles } from '../../electron/core/ports/change-files.ts';
import type { Layers } from '../../electron/core/ports/layers.ts';
import type { Runner, RunnerCommand } from '../../electron/core/ports/runner.ts';
import type { SandboxCommand, WorkspaceMount } from '../../electron/core/ports/sandbox.ts';
import { sandboxHome } from '../../electron/core/sandbox/sandbox-home.ts';
import { freePort } from '../../electron/testing/free-port.ts';
import { SandboxProfile } from '../../shared/domain/sandbox.ts';

const resourcesDir = fileURLToPath(new URL('../../resources', import.meta.url));

/** A running gateway, and beside it, in the same process, the adapters by which its commands run, within reach of the measurements. */
export interface BenchWorld {
  readonly root: string;
  readonly dataDir: string;
  readonly workspace: string;
  readonly sandbox: Bubblewrap;
  readonly layers: Layers;
  readonly changeFiles: ChangeFiles;
  /** What the last command was started as. */
  lastCommand(): RunnerCommand;
  command(script: string, mount: WorkspaceMount): SandboxCommand;
  close(): Promise<void>;
}

/** As the shipped default profile has it, without what the operator's own toolchains would add on one machine and not on another. */
const profile = SandboxProfile.parse({ name: 'bench', description: 'As the default one.', toolchains: false });

export async function openBenchWorld(): Promise<BenchWorld> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-bench-')));
  const [workspace, dataDir, home] = ['workspace', 'data', 'home'].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [workspace, home]) mkdirSync(folder);
  mkdirSync(dataDir, { mode: 0o700 });
  const gateway = createGatehouse({
    dataDir: join(root, 'gateway'),
    host: 'headless',
    port: await freePort(),
    rendererDir: null,
    resourcesDir,
    version: '0.0.0',
    umask: 0o022,
    desktop: null,
    log: () => undefined,
  });
  await gateway.start();

  let last: RunnerCommand | null = null;
  const real = createRunner();
  const runner: Runner = {
    ...real,
    run: async (command, signal, events) => {
      last = command;
      return await real.run(command, signal, events);
    },
  };
  const files = createFiles({ protectedPaths: [dataDir], home });
  const findProgram = createFindProgram(process.env['PATH'] ?? '');
  const checkWorkspace = async (path: string): Promise<string> => await files.checkWorkspace(path);
  const sandbox = createBubblewrap({
    runner,
    home,
    protectedPaths: [dataDir],
    checkWorkspace,
    findProgram,
    seccompTable: join(resourcesDir, 'sandbox/seccomp.yaml'),
    stateDir: dataDir,
    umask: 0o022,
    bridge: null,
    runtimeDir: process.env['XDG_RUNTIME_DIR'] ?? null,
  });
  const layers = createLayers({ runner: real, folder: join(dataDir, 'layers'), checkWorkspace, findProgram });
  const [trial, layer] = [await sandbox.probe(), await layers.probe()];
  if (trial.effective !== 'bubblewrap') throw new Error(`no sandbox here: ${trial.detail}`);
  if (layer.kind !== 'overlay') throw new Error(`no layers here: ${layer.detail}`);

  return {
    root,
    dataDir,
    workspace,
    sandbox,
    layers,
    changeFiles: createChangeFiles({ dataDir, protectedPaths: [dataDir] }),
    lastCommand() {
      if (last === null) throw new Error('nothing has run yet');
      return last;
    },
    command: (script, mount) => ({
      argv: ['/bin/bash', '-c', script],
      cwd: workspace,
      workspaces: [workspace],
      mount,
      profile,
      network: null,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: sandboxHome, LANG: 'C.UTF-8' },
      timeoutMs: 120_000,
      outputLimit: 100_000,
      tty: false,
    }),
    async close() {
      await layers.stop();
      await sandbox.stop();
      await real.stop();
      await gateway.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
