import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskId } from '../../shared/domain/identity.ts';
import { createAllowlist } from '../adapters/allowlist/allowlist.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import type { LayerView, Layers } from '../core/ports/layers.ts';
import { openRealRunner } from './real-runner.ts';
import { openSandboxWorld, testProfile, type SandboxWorld } from './sandbox-world.ts';

/** Real commands on a task's copy, which lies in the data directory that no command may see. */
export const describeConfinedCopy = (who: string): void => {
  describe(`sandbox: on a copy of the workspace, for ${who}`, () => {
    let world: SandboxWorld;
    let layers: Layers;
    let view: LayerView;
    beforeEach(async () => {
      world = await openSandboxWorld();
      expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
      mkdirSync(join(world.workspace, 'sub'));
      writeFileSync(join(world.workspace, 'old'), 'old\n');
      layers = createLayers({
        runner: openRealRunner(),
        folder: join(world.data, 'layers'),
        checkWorkspace: async (path) => path,
        findProgram: async () => null,
      });
      expect(await layers.probe()).toMatchObject({ kind: 'copy' });
      view = await layers.open(TaskId.parse('task_0123456789abcdef'), [world.workspace], []);
      expect(view.namespaces).toBeNull();
    });
    afterEach(async () => {
      await view.close();
      await layers.stop();
      await world.close();
    });
    const changed = async (): Promise<string[]> => (await view.scan()).changes.map((one) => one.path.slice(world.workspace.length + 1));

    it('F59: shows the copy in the workspace’s place, to the next command too, and leaves the real tree alone', async () => {
      const mount = { kind: 'layer', view } as const;
      const first = await world.bash('cat old; echo new > made; rm old; pwd -P; id -u; ls /proc/self/fd', { mount });
      expect(first.output).toBe(`old\n${world.workspace}\n${String(process.getuid?.())}\n0\n1\n2\n3\n`);
      expect((await world.bash('cat made; ls', { mount })).output).toBe('new\nmade\nsub\n');
      expect(await changed()).toEqual(['made', 'old']);
      expect(existsSync(join(world.workspace, 'made'))).toBe(false);
      expect(readFileSync(join(world.workspace, 'old'), 'utf8')).toBe('old\n');
      // Positive control: without a layer it is the real tree that changes.
      await world.bash('echo new > made');
      expect(existsSync(join(world.workspace, 'made'))).toBe(true);
    });

    it('F59: leads nowhere else in the data directory, and cannot be changed under a profile that only reads', async () => {
      const mount = { kind: 'layer', view } as const;
      const out = await world.bash('ls -a; cat ../manifest.json "$1/gatehouse.db"; ls "$1"; cat /proc/self/mountinfo > seen', {
        mount,
        args: [world.data],
      });
      expect(out.output).not.toContain(world.secret);
      expect(out.output.match(/No such file/g)).toHaveLength(3);
      // Positive control: that is where it lies.
      expect(world.bare('cat "$1/gatehouse.db"; find "$1" -name manifest.json', [world.data])).toMatch(/canary-[^]*manifest\.json/);
      const readOnly = { mount, profile: { ...testProfile, workspace: 'read' as const } };
      expect((await world.bash('cat old; echo x > old; touch made', readOnly)).output).toMatch(/^old\n[^]*Read-only[^]*Read-only/);
      expect(await changed()).toEqual(['seen']);
    });

    it('F56: is what the list of programs reads, and links in it lead nowhere', async () => {
      const runner = createRunner();
      const list = createAllowlist({ runner, protectedPaths: [world.data], checkWorkspace: async (path) => path });
      await list.probe();
      const run = async (text: string): Promise<string> =>
        list
          .run(
            {
              argv: ['/bin/bash', '--noprofile', '--norc', '-c', text],
              cwd: world.workspace,
              workspaces: [world.workspace],
              mount: { kind: 'layer', view },
              profile: testProfile,
              env: { PATH: '/usr/bin:/bin' },
              timeoutMs: 10_000,
              outputLimit: 100_000,
              tty: false,
              network: null,
            },
            new AbortController().signal,
          )
          .then(
            ({ output }) => output,
            (error: unknown) => String(error),
          );
      const copy = `/proc/self/fd/${String(view.roots[0]?.fd)}`;
      writeFileSync(`${copy}/old`, 'from the copy\n');
      symlinkSync(join(world.data, 'gatehouse.db'), `${copy}/way`);
      try {
        expect(await run('cat old')).toBe('from the copy\n');
        expect(await run('cat way')).not.toContain(world.secret);
        expect(world.bare('cat "$1"', [join(world.data, 'gatehouse.db')])).toContain(world.secret);
      } finally {
        await runner.stop();
      }
    });
  });
};
