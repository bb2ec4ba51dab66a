import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createFiles } from '../adapters/files/files.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { createShellParser } from '../core/policy/create-shell-parser.ts';
import { runsUnlisted } from '../core/policy/shell/runs-unlisted.ts';
import { createBashTool } from '../core/tools/bash.ts';
import { createFileTools } from '../core/tools/file-tools.ts';
import { createToolRegistry, type ToolRegistry } from '../core/tools/registry.ts';
import type { Resolution, ToolOutput } from '../core/tools/tool.ts';
import type { LayerView, Layers } from '../core/ports/layers.ts';
import type { TaskId } from '../../shared/domain/identity.ts';
import { noJobs, toolContext, toolRun } from './tool-context.ts';
import { openRealRunner } from './real-runner.ts';
import { openSandboxWorld, type SandboxWorld } from './sandbox-world.ts';
import { storedToken } from './store-records.ts';
import { fixedProfiles } from './fixed-profiles.ts';

describe('the six tools on a real file system, parser and sandbox', () => {
  let world: SandboxWorld;
  let registry: ToolRegistry;
  let layers: Layers;
  let lasting: LayerView;
  const task = 'task_0000000000000000' as TaskId;
  beforeEach(async () => {
    world = await openSandboxWorld();
    await world.sandbox.probe();
    const files = createFiles({ protectedPaths: [world.data], home: world.home });
    layers = createLayers({
      runner: openRealRunner(),
      folder: join(world.data, 'layers'),
      checkWorkspace: files.checkWorkspace,
      findProgram: createFindProgram('/usr/bin:/bin'),
    });
    await layers.probe();
    // Nothing is collected here: every change stays in the layer as long as it is open, and the next call sees it.
    lasting = await layers.open(task, [world.workspace], []);
    const shell = createShellParser();
    await shell.start();
    const settings = () => ({ bash_timeout_s: 20, output_limit_bytes: 100_000 });
    registry = createToolRegistry([
      ...createFileTools({ files }),
      createBashTool({ sandbox: world.sandbox, jobs: noJobs, profiles: fixedProfiles(), files, shell, settings, runsUnlisted }),
    ]);
  });
  afterEach(async () => {
    await lasting.close();
    await layers.stop();
    await world.close();
  });

  const resolve = async (name: string, args: unknown, view: LayerView | null = null): Promise<Resolution> => {
    const tool = registry.get(name)!;
    return tool.resolve(tool.arguments.parse(args), toolContext(storedToken({ workspaces: [world.workspace] }).token, view));
  };
  const run = async (name: string, args: unknown): Promise<ToolOutput> => {
    const view = await layers.open(task, [world.workspace], []);
    try {
      const resolution = await resolve(name, args, view);
      return await resolution.execute(toolRun({ openLayer: async () => view })).finally(async () => resolution.release());
    } finally {
      await view.close();
    }
  };

  it('work together', async () => {
    await run('file_write', { path: 'run.sh', content: 'echo "hello $1"; exit 3\n', mode: '0755' });
    await run('file_edit', { path: 'run.sh', old_text: 'hello', new_text: 'goodbye' });
    expect(await run('bash', { command: './run.sh world | tee said; exit ${PIPESTATUS[0]}' })).toMatchObject({
      text: 'goodbye world\n[exited with code 3]',
      exitCode: 3,
      isError: false,
    });
    expect((await run('file_read', { path: 'said' })).text).toBe('goodbye world\n');
    expect((await run('file_search', { pattern: 'good.ye', glob: '*.sh' })).text).toBe('run.sh:1: echo "goodbye $1"; exit 3');
    expect((await run('file_list', { path: '.' })).text).toBe('run.sh\t26\nsaid\t14');
    expect((await run('bash', { command: 'test -t 1 && tty', tty: true })).text).toBe('/dev/console\r');
  });

  it('F39: what a command has prepared does not lead a file tool out', async () => {
    const made = await run('bash', {
      command: `ln -s ${world.root}/canary link; ln -s ${world.data} own; mkfifo pipe; ln -s /dev/zero zero; mkdir d; ln -s ../../.. d/up; echo ok > ok`,
    });
    expect(made.exitCode).toBe(0);
    for (const path of ['link', 'own/gatehouse.db', 'zero', 'd/up/canary', 'd/../../canary']) {
      await expect(run('file_read', { path }), path).rejects.toMatchObject({ code: 'forbidden' });
      await expect(run('file_write', { path, content: 'x' }), path).rejects.toMatchObject({ code: 'forbidden' });
    }
    await expect(run('file_read', { path: 'pipe' })).rejects.toMatchObject({ code: 'invalid_input' });
    linkSync(join(world.root, 'canary'), join(world.workspace, 'hard'));
    await expect(run('file_read', { path: 'hard' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(run('file_edit', { path: 'hard', old_text: 'canary', new_text: 'x' })).rejects.toMatchObject({ code: 'forbidden' });
    const found = await run('file_search', { pattern: 'canary' });
    expect(found.text).not.toContain(world.secret);
    expect(readFileSync(join(world.root, 'canary'), 'utf8')).toBe(world.secret);
    // Positive control: a link like that, were it followed by name.
    symlinkSync(join(world.root, 'canary'), join(world.workspace, 'control'));
    expect(readFileSync(join(world.workspace, 'control'), 'utf8')).toBe(world.secret);
    expect((await run('file_read', { path: 'ok' })).text).toBe('ok\n');
  });

  it('binds the scripts that a command line names, in pipelines, after cd, in bash -c and behind links', async () => {
    mkdirSync(join(world.workspace, 'sub'));
    for (const name of ['a.sh', 'b.sh', 'sub/c.sh', 'in.txt']) writeFileSync(join(world.workspace, name), 'echo x');
    symlinkSync('b.sh', join(world.workspace, 'alias'));
    const paths = async (command: string): Promise<string[]> => {
      const resolution = await resolve('bash', { command });
      await resolution.release();
      return resolution.operands.map(({ path }) => path.replace(`${world.workspace}/`, ''));
    };
    expect(await paths('bash a.sh | sort < in.txt')).toEqual(expect.arrayContaining(['a.sh', 'in.txt', '/usr/bin/bash', '/usr/bin/sort']));
    expect(await paths('cd sub && ./c.sh')).toContain('sub/c.sh');
    expect(await paths("bash -c './a.sh; sh alias'")).toEqual(expect.arrayContaining(['a.sh', 'b.sh']));
    expect(await paths('echo $(cat "in.txt")')).toContain('in.txt');
    const changed = await resolve('bash', { command: './a.sh' });
    execFileSync('bash', ['-c', 'echo "rm -rf ." > a.sh'], { cwd: world.workspace });
    expect(await changed.rehash()).not.toEqual(changed.operands);
    const removed = await resolve('bash', { command: './b.sh' });
    execFileSync('rm', [join(world.workspace, 'b.sh')]);
    expect(await removed.rehash()).not.toEqual(removed.operands);
  });

  it('F36: a command ends at its own time limit', async () => {
    const result = await run('bash', { command: 'touch started; sleep 100; touch made', timeout_s: 2 });
    expect(result).toMatchObject({ isError: true, exitCode: null });
    expect(result.text).toContain('time limit of 2 s');
    expect((await run('file_list', { path: '.' })).text).toBe('started\t0');
    expect(existsSync(join(world.workspace, 'started'))).toBe(false);
  });
});
