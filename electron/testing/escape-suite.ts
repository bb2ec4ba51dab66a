import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { LayerView } from '../core/ports/layers.ts';
import { layerAttempts, processAttempts, type EscapeAttempt } from './escape-attempts.ts';
import { holdingOpen, openEscapeWorld, type EscapeWorld } from './escape-world.ts';

/** Out of the sandbox: at files, processes, the kernel and the layer. The canaries are secrets, and a house whose every byte and time is looked at afterwards. */
export const describeSandboxEscapes = (who: string): void => {
  describe(`escapes from the sandbox, as ${who}`, () => {
    let world: EscapeWorld;
    let view: LayerView;
    beforeAll(async () => {
      world = await openEscapeWorld();
      process.env['ESCAPE_CANARY'] = world.sandbox.secret;
    });
    // Anew for each: what a control does to the view stays in its namespaces.
    beforeEach(async () => (view = await world.view()));
    afterEach(async () => view.close());
    afterAll(async () => {
      delete process.env['ESCAPE_CANARY'];
      await world.close();
    });

    const ssh = (): string => world.secrets['an SSH key'] ?? '';
    const args = (): string[] => [
      ssh(),
      String(process.pid),
      join(world.sandbox.root, 'state/sandbox-etc'),
      join(world.sandbox.data, 'layers'),
    ];
    const gotOut = (output: string): boolean => output.includes(world.sandbox.secret) || output.includes('GOT');
    const outside = (attempt: EscapeAttempt): string => {
      if (attempt.control === 'joined') return world.joined(view, attempt.script, args());
      const bash = ['/bin/bash', '-c', `exec 2>&1; ${attempt.script}`, 'bash', ...args()];
      const argv = attempt.control === 'bare' ? bash : ['unshare', '--user', '--map-root-user', '--mount', '--net', '--uts', ...bash];
      return spawnSync(argv[0] ?? '', argv.slice(1), { cwd: world.workspace, encoding: 'utf8' }).stdout;
    };

    it.each([...processAttempts, ...layerAttempts].map((each) => [each.title, each] as const))(
      'F59: cannot %s',
      async (_title, attempt) => {
        const before = await world.digest();
        const result = await holdingOpen(ssh(), async () => world.run(view, attempt.script, args()));
        expect(result.exit.kind, result.output).toBe('exited');
        expect(result.output).not.toContain(world.sandbox.secret);
        expect(result.output).not.toContain('GOT');
        expect(await world.digest()).toBe(before);
        // Positive control: without the sandbox the same script gets somewhere.
        const control = await holdingOpen(ssh(), async () => Promise.resolve(outside(attempt)));
        const isChanged = (await world.digest()) !== before;
        if (isChanged) world.plant();
        expect(isChanged || gotOut(control), control).toBe(true);
      },
    );

    const reads =
      'ln -sf "$1" link; for f in "$1" "/proc/1/root$1" "/proc/self/root$1" "../../../../../..$1" "/proc/self/cwd/../../../..$1" link "$HOME/../../..$1"; do cat "$f"; done; ln "$1" hard && cat hard; cp -r "$(dirname "$1")" copy && cat copy/*; rm -rf link hard copy; true';
    const names = [
      'an SSH key',
      'GnuPG’s keys',
      'the cloud’s credentials',
      'Docker’s logins',
      'a cluster’s key',
      'npm’s token',
      'cargo’s token',
      'git’s passwords',
      'pip’s passwords',
      'GitHub’s token',
      'Firefox’s profile',
      'Chromium’s profile',
      'the keyring',
      'the shell’s history',
      'the log of events',
      'the policy',
      'kept contents',
      'another task’s layer',
      'a neighbour’s workspace',
      'another workspace’s HOME',
      'what lies beside the workspace',
    ];
    it.each(names)('F59: cannot read or change %s', async (name) => {
      const path = world.secrets[name] ?? '';
      const writes = 'echo x >> "$1"; rm -f "$1"; touch "$(dirname "$1")/planted"; chmod 777 "$1"; mv "$(dirname "$1")" away';
      const before = await world.digest();
      const result = await world.run(view, `${reads}; ${writes}`, [path]);
      expect(result.exit.kind).toBe('exited');
      expect(result.output).not.toContain(world.sandbox.secret);
      expect(await world.digest()).toBe(before);
      expect(execFileSync('cat', [path], { encoding: 'utf8' })).toContain(world.sandbox.secret);
      expect(execFileSync('ls', ['-A', dirname(path)], { encoding: 'utf8' })).not.toContain('planted');
    });

    it('F59: inherits no descriptor: not of namespaces, of the layer, of bubblewrap’s, nor the gate’s', async () => {
      const list =
        'for d in /proc/[0-9]*/fd/*; do echo "$d $(readlink "$d")"; done; exec 2>/dev/null; for n in $(seq 3 64); do : <&$n && echo "open $n"; done';
      const { output } = await world.run(view, list);
      expect(output).not.toMatch(/(user|mnt|net):\[|layers|workspace|gatehouse-|socket:/);
      // bash’s own copy of what it reads a list from may be among them.
      expect(output.match(/^open \d+$/gm) ?? []).toEqual([]);
      expect(world.joined(view, 'ls -l /proc/self/fd')).toMatch(/(user|mnt):\[/);
    });

    it('F59: keeps nothing of one workspace’s HOME for another', async () => {
      await world.run(view, `echo ${world.sandbox.secret} > ~/kept`);
      expect((await world.run(view, 'cat ~/kept')).output).toContain(world.sandbox.secret);
      const { neighbour } = world.sandbox;
      const other = await world.sandbox.bash('cat ~/kept; cat /run/home/kept', {
        profile: world.profile,
        cwd: neighbour,
        workspaces: [neighbour],
        mount: { kind: 'read-only' },
      });
      expect(other.output).not.toContain(world.sandbox.secret);
    });
  });
};
