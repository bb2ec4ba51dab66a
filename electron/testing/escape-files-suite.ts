import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { AppError } from '../../shared/errors.ts';
import { temporaryName } from '../adapters/change-files/apply-step.ts';
import type { LayerView } from '../core/ports/layers.ts';
import { openEscapeWorld, type EscapeWorld } from './escape-world.ts';
import { newTaskId } from './store-records.ts';

/** Out by way of the changes: what a command leaves in its layer is applied to the real tree by the gateway, with the gateway's rights. */
export const describeFileEscapes = (who: string): void => {
  describe(`escapes by changed files, as ${who}`, () => {
    let world: EscapeWorld;
    let view: LayerView;
    let ws: string;
    let outside: string;
    let untouched: string;
    const outsideDigest = async (): Promise<string> => (await world.digest()).split(' ').slice(0, -1).join(' ');
    beforeAll(async () => {
      world = await openEscapeWorld();
      ws = world.workspace;
      outside = join(world.sandbox.root, 'outside');
    });
    beforeEach(async () => {
      view = await world.view();
      untouched = await outsideDigest();
    });
    afterEach(async () => {
      expect(await outsideDigest(), 'what lies outside of the workspace').toBe(untouched);
      await view.close();
    });
    afterAll(async () => world.close());

    const change = async (script: string, args: readonly string[] = []): Promise<ChangeSet | null> => {
      const result = await world.run(view, script, args);
      expect(result.exit.kind, result.output).toBe('exited');
      return world.collect(view);
    };
    const entries = (set: ChangeSet | null): Record<string, string> =>
      Object.fromEntries((set?.entries ?? []).map(({ path, state }) => [path.slice(ws.length + 1), state]));

    it('F59: positive control: what a command changes is applied', async () => {
      expect(entries(await change('echo new > fine; chmod 750 fine'))).toEqual({ fine: 'applied' });
      expect(readFileSync(join(ws, 'fine'), 'utf8')).toBe('new\n');
      expect(statSync(join(ws, 'fine')).mode & 0o777).toBe(0o750);
    });

    it('F39: a link in the place of a folder, and then a file below it', async () => {
      await change(`rm -rf real/x; ln -s ${outside}/x real/x`);
      await change('rm real/x; mkdir real/x; echo x > real/x/secret');
      expect(readFileSync(join(ws, 'real/x/secret'), 'utf8')).toBe('x\n');
      expect(readFileSync(join(outside, 'x/secret'), 'utf8')).toContain(world.sandbox.secret);
    });

    it('F39: a link of the real tree’s that leads out, written through', async () => {
      symlinkSync(outside, join(ws, 'way'));
      await view.close();
      view = await world.view();
      const result = await world.run(view, 'echo x > way/x/secret; echo x > way/planted; rm -rf way/; cat way/x/secret');
      expect(result.output).not.toContain(world.sandbox.secret);
      await world.collect(view);
      expect(existsSync(join(outside, 'planted'))).toBe(false);
    });

    it('F39: links under the names of the temporary files', async () => {
      const name = temporaryName('target');
      await change(`ln -s ${outside}/planted '${name}'; echo x > target`);
      expect(existsSync(join(outside, 'planted'))).toBe(false);
      await change('echo y > target');
      expect(readFileSync(join(ws, 'target'), 'utf8')).toBe('y\n');
      expect(lstatSync(join(ws, 'target')).isFile()).toBe(true);
    });

    it('F39: names with new lines, of 255 bytes, of dots, of what is no Unicode', async () => {
      const long = 'n'.repeat(255);
      const set = await change(`echo a > $'a\\nb'; echo b > ${long}; echo c > '...'; echo d > $'\\xff\\xfe'; mkdir ' '; echo e > ' /-rf'`);
      expect(entries(set)).toMatchObject({ 'a\nb': 'applied', [long]: 'applied', '...': 'applied', ' /-rf': 'applied' });
      expect(readFileSync(join(ws, long), 'utf8')).toBe('b\n');
      // What cannot be shown is not applied.
      expect(readdirSync(ws, { encoding: 'buffer' }).some((name) => name[0] === 0xff)).toBe(false);
    });

    it('F39: set-uid, set-gid and sticky bits', async () => {
      await change('cp /usr/bin/env suid && chmod 6755 suid; mkdir sticky; chmod 7777 sticky');
      expect(statSync(join(ws, 'suid')).mode & 0o7777).toBe(0o755);
      expect(statSync(join(ws, 'sticky')).mode & 0o7000).toBe(0);
    });

    it('F39: a hard link of a file to its own kind, and to what is not the workspace’s', async () => {
      const { output } = await world.run(view, 'ln old again && echo more >> again; ln /usr/bin/env env || echo refused');
      expect(output).toContain('refused');
      await world.collect(view);
      // The file that only got another name is what it was; only a copy changed.
      expect(lstatSync(join(ws, 'again')).isFile()).toBe(true);
      expect(existsSync(join(ws, 'env'))).toBe(false);
    });

    it('F39: pipes, sockets and devices', async () => {
      const set = await change('mkfifo pipe; mknod null c 1 3; mknod mark c 0 0; mknod old2 c 0 0; true');
      expect(entries(set)).toEqual({});
      for (const name of ['pipe', 'null', 'mark', 'old2']) expect(existsSync(join(ws, name))).toBe(false);
      expect(world.sandbox.bare(`mkfifo ${outside}/../pipe && test -p ${outside}/../pipe && echo GOT; rm ${outside}/../pipe`)).toContain(
        'GOT',
      );
    });

    it.each(['opaque', 'whiteout', 'redirect', 'metacopy', 'origin', 'upper'])(
      'F39: a forged mark of an overlay’s: user.overlay.%s',
      async (mark) => {
        mkdirSync(join(ws, 'marked/in'), { recursive: true });
        await view.close();
        view = await world.view();
        const set = (name: string): string =>
          `perl -e '$n = (\`uname -m\` =~ /x86/) ? 188 : 5; ($f, $k, $v) = @ARGV; print syscall($n, $f, $k, $v, length $v, 0), "\\n"' marked ${name} `;
        const value = mark === 'redirect' ? '/real' : 'y';
        const { output } = await world.run(view, `touch marked/new; ${set(`user.overlay.${mark}`)} ${value}; ${set('user.plain')} y`);
        // Positive control: others may be set.
        expect(output).toMatch(/\n0\n$/);
        await view.close();
        view = await world.layers.open(world.task, [ws], [join(ws, 'marked')]);
        const after = await world.run(view, 'ls marked; cat marked/file marked/x/file');
        expect(after.output).toMatch(/^in\nnew\n/);
        expect(after.output).not.toContain('real ');
        expect((await view.scan()).changes.filter(({ after: now }) => now === null)).toEqual([]);
      },
    );

    it('F39: files of a terabyte, alone and as a sum of holes', async () => {
      const began = performance.now();
      const { output } = await world.run(view, 'truncate -s 1T sparse; stat -c %s sparse');
      expect(output).not.toContain(String(2 ** 40));
      await world.collect(view);
      expect(statSync(join(ws, 'sparse'), { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(2 ** 26);
      expect(performance.now() - began).toBeLessThan(20_000);
    });

    it('F39: folders two thousand deep', async () => {
      // It may be ended for it: a tree too deep to be measured counts as over the disk limit.
      await world.run(view, `perl -e 'for (1..2000) { mkdir "d" and chdir "d" or last } open(F, ">", "file"); print F "deep"'`);
      await world.collect(view);
      await world.run(view, 'rm -rf d');
      expect(existsSync(join(ws, 'old'))).toBe(true);
    });

    it('F39: folders that nobody may enter hide nothing', async () => {
      const set = await change('mkdir -p locked; echo x > locked/x; chmod 000 locked');
      expect(Object.keys(entries(set))).toContain('locked');
      expect(lstatSync(join(ws, 'locked')).mode & 0o777).toBe(0);
      await change('chmod 755 locked');
      expect(readdirSync(join(ws, 'locked'))).not.toContain('y');
    });

    it('F39: what is applied is what was hashed, while a job goes on writing', { timeout: 60_000 }, async () => {
      const stopping = new AbortController();
      const writing = world.run(
        view,
        'while :; do for n in $(seq 300); do printf "%0999d" $n > moving; printf "%0999d" $n > next && mv next moved; done; done',
        [],
        {
          signal: stopping.signal,
        },
      );
      let applied = 0;
      // On a busy machine most versions are gone before they can be kept; it goes on until some were.
      for (let round = 0; round < 25 || (applied === 0 && round < 400); round += 1) {
        const set = await world.collect(view);
        for (const { path, state, after } of set?.entries ?? []) {
          if (state !== 'applied' || after?.type !== 'file') continue;
          applied += 1;
          expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(after.sha256);
        }
      }
      stopping.abort();
      await writing;
      expect(applied).toBeGreaterThan(0);
    });

    it('F39: 10,000 writes while a folder is swapped for a link: none outside', { timeout: 120_000 }, async () => {
      // The swapping is the operator's own side: of the real tree, while the gateway applies.
      await change('mkdir -p race/d; echo 0 > race/d/0');
      const swap = spawn('/bin/sh', ['-c', `cd "$0/race"; while :; do mv d e && ln -s "$1" d; rm d; mv e d; done`, ws, outside], {
        stdio: 'ignore',
      });
      let links = 0;
      try {
        for (let round = 0; round < 10; round += 1) {
          await world.run(view, `mkdir -p race/d; cd race/d && for n in $(seq 1000); do echo ${round} > $n; done`);
          const look = setInterval(
            () => (links += lstatSync(join(ws, 'race/d'), { throwIfNoEntry: false })?.isSymbolicLink() === true ? 1 : 0),
            1,
          );
          await world
            .collect(view)
            .catch((error: unknown) => {
              if (!(error instanceof AppError)) throw error;
            })
            .finally(() => clearInterval(look));
        }
      } finally {
        swap.kill('SIGKILL');
      }
      expect(readdirSync(outside)).toEqual(['x']);
      // Positive control: the folder was a link while changes were applied.
      expect(links).toBeGreaterThan(0);
    });

    it('F39: two tasks in one workspace: the second does not overwrite what the first has applied unseen', async () => {
      const other = await world.view(newTaskId());
      await change('echo first > old');
      await world.run(other, 'echo second > old');
      const set = await world.collect(other);
      await other.close();
      expect(readFileSync(join(ws, 'old'), 'utf8')).toBe('first\n');
      expect(set?.entries[0]).toMatchObject({ path: join(ws, 'old'), state: 'conflict' });
    });

    it('F39: a held file that is changed after it was shown: the decision is refused, or what was shown is applied', async () => {
      const shown = await change('echo innocent > hold-me');
      await change('echo harmful > hold-me');
      expect(shown?.state).toBe('held');
      if (shown === null) return;
      await world.changes.accept({ id: shown.id, digest: shown.digest }, 'window').catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'conflict' });
      });
      expect(existsSync(join(ws, 'hold-me')) ? readFileSync(join(ws, 'hold-me'), 'utf8') : 'innocent\n').toBe('innocent\n');
    });
  });
};
