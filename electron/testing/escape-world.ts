import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { SandboxProfile } from '../../shared/domain/sandbox.ts';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createChangeFiles } from '../adapters/change-files/change-files.ts';
import { createBridge } from '../adapters/egress/bridge.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { createChangeBus } from '../core/change-bus.ts';
import { createChangeSets, type ChangeSets } from '../core/changes/change-sets.ts';
import type { LayerView, Layers } from '../core/ports/layers.ts';
import type { SandboxResult } from '../core/ports/sandbox.ts';
import { classifyByName } from './change-world.ts';
import { openEgressWorld, type EgressWorld } from './egress-world.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeStore } from './fake-store.ts';
import { openSandboxWorld, type SandboxWorld } from './sandbox-world.ts';
import { newCallId, newTaskId } from './store-records.ts';
import { treeDigest } from './tree-digest.ts';

/** The real sandbox, layers, change files and way out, around a house full of secrets. Every change of a command's is applied, unless its name says `hold`. */
export interface EscapeWorld {
  readonly sandbox: SandboxWorld;
  readonly egress: EgressWorld;
  readonly layers: Layers;
  readonly changes: ChangeSets;
  readonly task: LayerView['task'];
  readonly profile: SandboxProfile;
  readonly workspace: string;
  /** Files that hold the secret, by what they are. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Makes the house what it was. */
  plant(): void;
  /** Everything that no command may touch, and with `real` the real workspace too. */
  digest(): Promise<string>;
  view(task?: LayerView['task']): Promise<LayerView>;
  /** Runs in the layer of a view and leaves the changes there. */
  run(
    view: LayerView,
    script: string,
    args?: readonly string[],
    more?: Partial<Parameters<SandboxWorld['bash']>[1]>,
  ): Promise<SandboxResult>;
  collect(view: LayerView): Promise<ChangeSet | null>;
  /** Runs with this process's rights in the view's namespaces, without bubblewrap: what a sandbox without further walls would allow. */
  joined(view: LayerView, script: string, args?: readonly string[]): string;
  close(): Promise<void>;
}

export const openEscapeWorld = async (): Promise<EscapeWorld> => {
  const egress = await openEgressWorld();
  const runner = createRunner();
  const findProgram = createFindProgram('/usr/local/bin:/usr/bin:/bin');
  const sandbox = await openSandboxWorld({ bridge: createBridge({ runner, egress: egress.egress, findProgram }) });
  const { root, home, data, neighbour, workspace, secret } = sandbox;
  const layers = createLayers({ runner, folder: join(data, 'layers'), checkWorkspace: (path) => Promise.resolve(path), findProgram });
  const files = createChangeFiles({ dataDir: data, protectedPaths: [data] });
  const clock = createFakeClock();
  const changes = createChangeSets({
    store: createFakeStore({ clock }),
    files,
    clock,
    bus: createChangeBus(),
    classify: classifyByName,
    onApplied: async (task, paths) => layers.applied(task, paths),
    budgetMb: () => 1000,
  });
  const task = newTaskId();
  const secrets: EscapeWorld['secrets'] = {
    'an SSH key': join(home, '.ssh/id_ed25519'),
    'GnuPG’s keys': join(home, '.gnupg/private-keys-v1.d/key'),
    'the cloud’s credentials': join(home, '.aws/credentials'),
    'Docker’s logins': join(home, '.docker/config.json'),
    'a cluster’s key': join(home, '.kube/config'),
    'npm’s token': join(home, '.npmrc'),
    'cargo’s token': join(home, '.cargo/credentials.toml'),
    'git’s passwords': join(home, '.git-credentials'),
    'pip’s passwords': join(home, '.config/pip/pip.conf'),
    'GitHub’s token': join(home, '.config/gh/hosts.yml'),
    'Firefox’s profile': join(home, '.mozilla/firefox/a.default/logins.json'),
    'Chromium’s profile': join(home, '.config/chromium/Default/Cookies'),
    'the keyring': join(home, '.local/share/keyrings/login.keyring'),
    'the shell’s history': join(home, '.bash_history'),
    'the log of events': join(data, 'gatehouse.db'),
    'the policy': join(data, 'policy.yaml'),
    'kept contents': join(data, 'preimages/ab/abcd'),
    'another task’s layer': join(data, 'layers/task_ffffffffffffffff/0/upper/file'),
    'a neighbour’s workspace': join(neighbour, 'canary'),
    'another workspace’s HOME': join(root, 'state/homes/0123456789abcdef0123456789abcdef/.netrc'),
    'what lies beside the workspace': join(root, 'canary'),
  };
  const watched = [
    home,
    neighbour,
    join(data, 'preimages/ab'),
    join(data, 'policy.yaml'),
    join(root, 'canary'),
    join(root, 'outside'),
    workspace,
  ];
  const plant = (): void => {
    for (const folder of [home, neighbour, join(root, 'outside')]) rmSync(folder, { recursive: true, force: true });
    for (const path of [...Object.values(secrets), join(root, 'outside/x/secret')]) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, `${secret}\n`);
    }
    mkdirSync(join(workspace, 'real/x'), { recursive: true });
    for (const name of ['old', 'real/file', 'real/x/file']) writeFileSync(join(workspace, name), `real ${name}\n`);
  };
  plant();
  expect(await sandbox.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
  expect(await layers.probe()).toMatchObject({ kind: 'overlay' });
  const profile = SandboxProfile.parse({
    name: 'escape',
    description: 'As the shipped one, with limits that cost nothing to reach.',
    home: 'cache',
    toolchains: true,
    limits: { processes: 128, memory_mb: 512, tmpfs_mb: 16, disk_mb: 64, file_mb: 32 },
  });
  const joinedFds = (view: LayerView) => [view.namespaces?.user ?? 'ignore', view.namespaces?.mount ?? 'ignore'] as const;

  return {
    sandbox,
    egress,
    layers,
    changes,
    task,
    profile,
    workspace,
    secrets,
    plant,
    digest: async () => (await Promise.all(watched.map(treeDigest))).join(' '),
    view: async (of = task) => layers.open(of, [workspace], await changes.heldPaths(of)),
    run: async (view, script, args = [], more = {}) =>
      sandbox.bash(script, { mount: { kind: 'layer', view }, profile, args, timeoutMs: 30_000, ...more }),
    collect: async (view) =>
      changes.collect({
        call: { id: newCallId(), task_id: view.task, agent: 'robin', tool: 'bash', summary: 'an attempt' },
        view,
        writers: () => [],
        approved: new Map(),
      }),
    joined(view, script, args = []) {
      const options = ['--user=/proc/self/fd/3', '--mount=/proc/self/fd/4', '--preserve-credentials'];
      const { stdout } = spawnSync('nsenter', [...options, 'bash', '-c', `cd "$0" && exec 2>&1; ${script}`, workspace, ...args], {
        stdio: ['ignore', 'pipe', 'ignore', ...joinedFds(view)],
      });
      return stdout.toString();
    },
    async close() {
      for (const one of await layers.list()) if (one !== 'task_ffffffffffffffff') await layers.drop(one);
      await layers.stop();
      await sandbox.close();
      await runner.stop();
      await egress.close();
    },
  };
};

/** Holds a file open that has the secret, as the gateway holds its database. */
export const holdingOpen = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  const fd = openSync(path, 'r+');
  try {
    return await work();
  } finally {
    closeSync(fd);
  }
};
