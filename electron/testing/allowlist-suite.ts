import { execFileSync, spawn } from 'node:child_process';
import { openSync, closeSync, mkdirSync, writeFileSync, constants } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskId } from '../../shared/domain/identity.ts';
import type { LayerView } from '../core/ports/layers.ts';
import { allowlistControls, allowlistEscapes, allowlistRefusals } from './allowlist-escapes.ts';
import { openAllowlistWorld, type AllowlistWorld } from './allowlist-world.ts';
import { openCountingListener, testProfile, type CountingListener } from './sandbox-world.ts';

/** What is promised of the hardened allowlist, tried for real. The same as root and as an ordinary user. */
export const describeAllowlist = (): void => {
  let world: AllowlistWorld;
  let listener: CountingListener;
  beforeAll(async () => {
    world = await openAllowlistWorld();
    listener = await openCountingListener(0);
  });
  beforeEach(() => world.reset());
  afterAll(async () => {
    await listener.close();
    await world.close();
  });

  it('F56: works here', () => {
    expect(world.list.status()).toMatchObject({ effective: 'allowlist', fix: null });
  });

  it('F56: the corpus is as large as promised', () => {
    expect(Object.values(allowlistEscapes).flat().length).toBeGreaterThanOrEqual(60);
  });

  describe.each(Object.entries(allowlistEscapes))('F56: %s', (_name, lines) => {
    it.each(lines)('%s', async (template) => {
      const line = template.replaceAll('ROOT', world.root).replaceAll('PORT', String(listener.port));
      /** Whether anything at all came of it: the secret was told, something was written, or somebody called. */
      const effects = async (act: () => Promise<string> | string): Promise<boolean> => {
        const [before, hits] = [world.digest(), listener.hits()];
        const told = (await act()).includes(world.secret);
        await new Promise((resolve) => setTimeout(resolve, template.includes('PORT') ? 50 : 0));
        return told || world.digest() !== before || listener.hits() !== hits;
      };
      expect(await effects(() => world.bare(line)), 'a plain shell must be able to do it, or nothing is proven').toBe(true);
      world.reset();
      let refused: string | null = null;
      const hasEscaped = await effects(async () => {
        const result = await world.run(line);
        refused = result.refused;
        return result.output;
      });
      expect(hasEscaped).toBe(false);
      expect(refused).toBe('forbidden');
    });
  });

  it.each(allowlistRefusals)('F56: refused: %s', async (line) => {
    const before = world.digest();
    expect(await world.run(line)).toMatchObject({ refused: 'forbidden' });
    expect(world.digest()).toBe(before);
  });

  it.each(allowlistControls)('F56: prints what a shell prints: %s %s', async (line, folder) => {
    const cwd = join(world.workspace, folder);
    const before = world.digest();
    const { output, refused } = await world.run(line, { cwd });
    expect(refused).toBeNull();
    expect(output).toBe(world.bare(line, cwd));
    expect(world.digest()).toBe(before);
  });

  it('F56: streams names as they were given, whatever the chunks', async () => {
    const chunks: string[] = [];
    const command = { argv: ['/bin/bash', '--noprofile', '--norc', '-c', 'grep -rn line big.txt sub'], cwd: world.workspace };
    const result = await world.list.run(
      {
        ...command,
        workspaces: [world.workspace],
        mount: { kind: 'read-only' },
        profile: testProfile,
        env: {},
        timeoutMs: 10_000,
        outputLimit: 4_000_000,
        tty: false,
        network: null,
      },
      new AbortController().signal,
      { onOutput: (chunk) => chunks.push(chunk) },
    );
    expect(chunks.join('')).toBe(result.output);
    expect(result.output).not.toContain('/proc/');
    expect(result.output.startsWith('big.txt:1:line 0\n')).toBe(true);
    expect(result.outputBytes).toBe(Buffer.byteLength(result.output));
  });

  it('F56: words that are no command line, and terminals, are refused', async () => {
    expect(await world.run('', { argv: ['/bin/cat', 'note.txt'] })).toMatchObject({ refused: 'forbidden' });
    expect(await world.run('', { argv: ['/bin/bash', '-c', 'cat note.txt'] })).toMatchObject({ refused: 'forbidden' });
    expect(await world.run('cat note.txt', { tty: true })).toMatchObject({ refused: 'forbidden' });
    expect(await world.run('cat note.txt')).toMatchObject({ refused: null });
  });

  it('F56: named pipes are never opened', async () => {
    execFileSync('mkfifo', [join(world.workspace, 'pipe')]);
    expect(await world.run('cat pipe')).toMatchObject({ refused: 'forbidden' });
  });

  it('F56: the gateway’s own folder is out of reach by another name', async () => {
    const workspace = world.root;
    expect((await world.run('cat data/gatehouse.db', { cwd: workspace, workspaces: [workspace] })).output).not.toContain(world.secret);
    expect((await world.run('cat home/canary', { cwd: join(workspace, 'home'), workspaces: [join(workspace, 'neighbour')] })).refused).toBe(
      'invalid_input',
    );
  });

  it('F56: sees the task’s layer where there is one', async () => {
    const layer = join(world.root, 'layer');
    mkdirSync(join(layer, 'sub'), { recursive: true });
    writeFileSync(join(layer, 'note.txt'), 'from the layer\n');
    writeFileSync(join(layer, 'sub/new.txt'), 'new\n');
    const fd = openSync(layer, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const view = { task: 'tsk_1' as TaskId, roots: [{ workspace: world.workspace, fd }] } as unknown as LayerView;
      expect((await world.run('cat note.txt', { mount: { kind: 'layer', view } })).output).toBe('from the layer\n');
      expect((await world.run('grep -r new', { mount: { kind: 'layer', view } })).output).toBe('sub/new.txt:new\n');
      expect((await world.run('pwd', { mount: { kind: 'layer', view } })).output).toBe(`${world.workspace}\n`);
    } finally {
      closeSync(fd);
    }
  });

  it('F56: a folder that becomes a link at the wrong moment leads nowhere', async () => {
    const swap = 'while :; do mv sub kept; ln -s ../neighbour sub; rm sub; mv kept sub; done';
    const swapper = spawn('/bin/bash', ['-c', swap], { cwd: world.workspace, stdio: 'ignore' });
    try {
      const told: string[] = [];
      for (let tries = 0; tries < 100; tries += 1) {
        const line = ['cat sub/canary', 'grep -r . sub', 'grep -r . .', 'find .'][tries % 4] ?? '';
        told.push((await world.run(line)).output);
      }
      expect(told.filter((output) => output.includes(world.secret))).toEqual([]);
      // The same folder was read at the right moments.
      expect(told.some((output) => output.includes('nothing'))).toBe(true);
    } finally {
      swapper.kill('SIGKILL');
      await new Promise((resolve) => swapper.once('close', resolve));
    }
  }, 60_000);
};
