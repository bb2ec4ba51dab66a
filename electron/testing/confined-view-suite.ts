import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLayers } from '../adapters/layers/layers.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import { joinArgv } from '../adapters/bubblewrap/namespaces.ts';
import { type SandboxProfile } from '../../shared/domain/sandbox.ts';
import type { TaskId } from '../../shared/domain/identity.ts';
import type { EgressBridge } from '../core/ports/egress.ts';
import type { LayerView, Layers } from '../core/ports/layers.ts';
import type { SandboxHandle } from '../core/ports/sandbox.ts';
import { openRealRunner } from './real-runner.ts';
import { openSandboxWorld, testProfile, type SandboxWorld } from './sandbox-world.ts';

const profile = (over: Partial<SandboxProfile>): SandboxProfile => ({ ...testProfile, ...over });

/** What a command sees of the host beyond the system: HOME, toolchains, the task's layer, networks. */
export const describeConfinedView = (who: string): void => {
  describe(`sandbox: what is shown to ${who}`, () => {
    let world: SandboxWorld;
    let opened: { port: number; domains: readonly string[] } | null = null;
    const runner = createRunner();
    const far = createServer((socket) => socket.end('far\n'));

    /** Stands in for the proxy: one program in the sandbox's network that answers whoever connects. */
    const bridge: EgressBridge = {
      async open({ networkNamespace, userNamespace, domains }) {
        const ending = new AbortController();
        let told: (port: number) => void = () => undefined;
        const port = new Promise<number>((resolve) => (told = resolve));
        const server = `$|=1; use Socket; socket(S,PF_INET,SOCK_STREAM,0); bind(S,sockaddr_in(0,INADDR_LOOPBACK)) or die; listen(S,5);
          print((sockaddr_in(getsockname(S)))[0],"\\n"); while (accept(C,S)) { syswrite(C,"bridged\\n"); close C }`;
        const joined = joinArgv({ user: userNamespace, mount: null, network: networkNamespace });
        const ended = runner.run(
          {
            argv: [...joined, '/usr/bin/perl', '-e', server],
            env: {},
            cwd: '/',
            descriptors: [],
            tty: false,
            timeoutMs: 20_000,
            outputLimit: 1000,
          },
          ending.signal,
          { onOutput: (text) => told(Number(text)) },
        );
        opened = { port: await port, domains };
        return {
          port: opened.port,
          trust: null,
          async close() {
            ending.abort();
            await ended;
          },
        };
      },
    };

    beforeEach(async () => {
      opened = null;
      world = await openSandboxWorld({ bridge });
      expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
    });
    afterEach(async () => world.close());

    it('F59: keeps HOME for each workspace, private, and not where it is to be empty', async () => {
      const kept = { profile: profile({ home: 'cache' }) };
      await world.bash('echo mine > "$HOME/kept"; mkdir -p ~/.cache', kept);
      expect((await world.bash('cat ~/kept; pwd -P; cd; pwd -P', kept)).output).toBe(`mine\n${world.workspace}\n/run/home\n`);
      expect((await world.bash('cat ~/kept')).output).toContain('No such file');
      const other = { ...kept, cwd: world.neighbour, workspaces: [world.neighbour] };
      expect((await world.bash('cat ~/kept', other)).output).toContain('No such file');
      const homes = world.bare('find "$1" -name kept', [world.root]).trim().split('\n');
      expect(homes).toHaveLength(1);
      expect(statSync(join(homes[0] ?? '', '..')).mode & 0o777).toBe(0o700);
    });

    const makeToolchains = (): { readonly secrets: readonly string[]; readonly folders: readonly string[] } => {
      const program = (path: string, says: string): void => {
        mkdirSync(join(world.home, path, '..'), { recursive: true });
        writeFileSync(join(world.home, path), `#!/bin/sh\necho ${says}\n`, { mode: 0o755 });
      };
      program('.nvm/versions/node/v20.1.0/bin/node', 'node 20');
      program('.nvm/versions/node/v9.1.0/bin/node', 'node 9');
      program('.cargo/bin/cargo', 'cargo');
      program('.pyenv/versions/3.12.1/bin/python-of-mine', 'python');
      program('.pyenv/shims/python-of-mine', 'shim');
      program('.local/bin/tool', 'tool');
      symlinkSync(world.data, join(world.home, '.rbenv'));
      mkdirSync(join(world.home, '.nvm/versions/node/v20.1.0/etc'));
      const secrets = [
        '.nvm/versions/node/v20.1.0/etc/npmrc',
        '.cargo/credentials.toml',
        '.pyenv/versions/3.12.1/pip.conf',
        '.local/bin/token',
        '.npmrc',
      ];
      for (const path of secrets) writeFileSync(join(world.home, path), world.secret);
      return {
        secrets: secrets.map((path) => join(world.home, path)),
        folders: ['.nvm', '.nvm/versions/node/v20.1.0/bin', '.cargo', '.cargo/bin', '.pyenv/shims', '.local/bin', '.'].map((path) =>
          join(world.home, path),
        ),
      };
    };

    it('F59: runs toolchains that live only in HOME, without their keys and without a way to change them', async () => {
      const { secrets, folders } = makeToolchains();
      const shown = { profile: profile({ toolchains: true }) };
      const found = await world.bash('node; cargo; python-of-mine; tool; echo "$NVM_DIR"; command -v node', shown);
      const home = realpathSync(world.home);
      expect(found.output).toBe(`node 20\ncargo\nshim\ntool\n${home}/.nvm\n${home}/.nvm/versions/node/v20.1.0/bin/node\n`);
      expect((await world.bash('cargo; python-of-mine')).output.match(/not found/g)).toHaveLength(2);

      const stolen = await world.bash(
        'for f in "$@" "$HOME/.npmrc"; do cat "$f"; done; grep -r canary "$NVM_DIR" "$PYENV_ROOT" /run/home',
        { ...shown, args: secrets },
      );
      expect(stolen.output).not.toContain(world.secret);
      expect(stolen.output.match(/No such file/g)?.length).toBeGreaterThanOrEqual(secrets.length);
      expect(world.bare('cat "$@"', secrets).split(world.secret)).toHaveLength(secrets.length + 1);

      await world.bash('for f in "$@"; do echo x > "$f/planted"; rm -rf "$f/"*; mv "$f" "$f.away"; done', { ...shown, args: folders });
      expect((await world.bash('node; cargo', shown)).output).toBe('node 20\ncargo\n');
      expect(folders.filter((folder) => existsSync(join(folder, 'planted')) || !existsSync(folder))).toEqual([]);
      expect(world.bare('"$1"', [join(world.home, '.cargo/bin/cargo')])).toBe('cargo\n');
    });

    it('F59: shows what a profile reads, unchangeable; never the data directory, what holds it, sockets or the system’s own places', async () => {
      const shown = join(world.root, 'shown');
      mkdirSync(shown);
      writeFileSync(join(shown, 'text'), 'shown');
      const result = await world.bash('cat "$1/text"; echo x > "$1/text"; ls "$2"', {
        profile: profile({ reads: [shown, join(world.root, 'missing'), join(world.workspace, 'inner')] }),
        args: [shown, world.root],
      });
      expect(result.output).toMatch(/^shown[^]*Read-only[^]*\nshown\nworkspace\n$/);
      symlinkSync(world.data, join(world.root, 'link'));
      const socket = createServer();
      await new Promise<void>((done) => socket.listen(join(world.root, 'socket'), done));
      for (const path of [
        world.data,
        join(world.data, 'gatehouse.db'),
        world.root,
        '/',
        join(world.root, 'link'),
        join(world.root, 'socket'),
        '/etc/shadow',
        '/proc/1',
        '/dev',
        '/run',
        'relative',
      ])
        await expect(world.bash('touch made', { profile: profile({ reads: [path] }) }), path).rejects.toMatchObject({ code: 'forbidden' });
      await new Promise((done) => socket.close(done));
      expect(existsSync(join(world.workspace, 'made'))).toBe(false);
    });

    it('knows the operator to git by name and address only, and makes files as the operator would', async () => {
      writeFileSync(
        join(world.home, '.gitconfig'),
        `[user]\n\tname = "A \\"B\\" \\\\C"\n\temail = a@example.com\n[alias]\n\tx = !echo ${world.secret}\n[credential]\n\thelper = store\n`,
      );
      const fresh = await openSandboxWorld({ home: world.home });
      await fresh.sandbox.probe();
      const result = await fresh.bash(
        'git config --list --show-origin; git init -q . && git commit -q --allow-empty -m x && git log --format="%an <%ae>"; touch new; umask',
        { profile: profile({ home: 'cache' }) },
      );
      expect(result.output).not.toMatch(/alias|credential/);
      expect(result.output).toContain('A "B" \\C <a@example.com>\n');
      expect(result.output).toMatch(/0022\n$/);
      expect(statSync(join(fresh.workspace, 'new'))).toMatchObject({ uid: process.getuid?.(), gid: process.getgid?.() });
      expect(statSync(join(fresh.workspace, 'new')).mode & 0o777).toBe(0o644);
      expect(world.bare('HOME="$1" git config --global --get-regexp .', [world.home])).toContain(world.secret);
      await fresh.close();
    });

    describe('with a layer', () => {
      let layers: Layers;
      let view: LayerView;
      const task = 'task_0123456789abcdef' as TaskId;
      beforeEach(async () => {
        writeFileSync(join(world.workspace, 'old'), 'old');
        layers = createLayers({
          runner: openRealRunner(),
          folder: join(world.data, 'layers'),
          checkWorkspace: async (path) => path,
          findProgram: async (name) => `/usr/bin/${name}`,
        });
        expect(await layers.probe()).toMatchObject({ kind: 'overlay' });
        view = await layers.open(task, [world.workspace], []);
      });
      afterEach(async () => {
        await view.close();
        // What the kernel keeps beside a layer only its owner may remove.
        await layers.drop(task);
        await layers.stop();
      });

      it('F59: shows the layer in the workspace’s place, to the next command too, and leaves the real tree alone', async () => {
        const mount = { kind: 'layer', view } as const;
        const first = await world.bash('cat old; echo new > made; rm old; id -u; pwd; ls /proc/self/fd', { mount });
        expect(first.output).toBe(`old${process.getuid?.()}\n${world.workspace}\n0\n1\n2\n3\n`);
        expect((await world.bash('cat made; ls', { mount })).output).toBe('new\nmade\n');
        expect(existsSync(join(world.workspace, 'made'))).toBe(false);
        expect(readFileSync(join(world.workspace, 'old'), 'utf8')).toBe('old');
        // Positive control: without a layer it is the real tree that changes.
        await world.bash('echo new > made');
        expect(existsSync(join(world.workspace, 'made'))).toBe(true);
      });

      it('F59: cannot change the layer under a profile that only reads', async () => {
        const mount = { kind: 'layer', view } as const;
        const result = await world.bash('cat old; echo x > old; touch made', { mount, profile: profile({ workspace: 'read' }) });
        expect(result.output).toMatch(/^old[^]*Read-only[^]*Read-only/);
        expect((await view.scan()).changes).toEqual([]);
      });

      it('F59: mounts only what the view’s descriptor holds, and nothing that the view does not name', async () => {
        const real = await open(world.workspace);
        // The descriptor says one folder, the name in the view's namespace another.
        const lying: LayerView = { ...view, roots: [{ workspace: world.workspace, fd: real.fd }] };
        const run = (mounted: LayerView) => world.bash('touch made', { mount: { kind: 'layer', view: mounted } });
        await expect(run(lying)).rejects.toMatchObject({ code: 'unavailable' });
        await expect(run({ ...view, roots: [] })).rejects.toMatchObject({ code: 'forbidden' });
        await real.close();
        expect(existsSync(join(world.workspace, 'made'))).toBe(false);
        expect((await run(view)).exit).toEqual({ kind: 'exited', code: 0 });
      });

      it('reaches a server that an earlier command of the task runs, and no other command does', async () => {
        const mount = { kind: 'layer', view } as const;
        const stopping = new AbortController();
        let handle: SandboxHandle | null = null;
        const script = `use Socket; socket(S,PF_INET,SOCK_STREAM,0); setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1); bind(S,sockaddr_in(8123,INADDR_LOOPBACK)) or die; listen(S,5); while (accept(C,S)) { syswrite(C,"served\\n"); close C }`;
        const server = world.bash('exec perl -e "$1"', {
          mount,
          args: [script],
          signal: stopping.signal,
          events: { onStarted: (started) => (handle = started) },
        });
        await sleep(1000);
        const network = await (handle as SandboxHandle | null)?.openNetwork();
        expect(network).not.toBeNull();
        const ask = 'exec 3<>/dev/tcp/127.0.0.1/8123 && cat <&3';
        expect((await world.bash(`${ask}; ls /proc/self/fd`, { mount, network: network?.fd ?? -1 })).output).toBe(
          'served\n0\n1\n2\n3\n4\n',
        );
        expect((await world.bash(ask, { mount })).output).toContain('refused');
        // What listens on the host stays out of reach.
        await new Promise<void>((done) => far.listen(0, '127.0.0.1', done));
        const address = far.address();
        const port = address !== null && typeof address === 'object' ? address.port : 0;
        expect((await world.bash(`exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`, { mount, network: network?.fd ?? -1 })).output).toContain(
          'refused',
        );
        expect(world.bare(`exec 3<>/dev/tcp/127.0.0.1/${port} && echo connected`)).toBe('connected\n');
        await new Promise((done) => far.close(done));
        stopping.abort();
        await server;
        expect(await (handle as SandboxHandle | null)?.openNetwork()).toBeNull();
        await network?.close();
      });

      it('leads out by the bridge only, which is there before the command is', async () => {
        const out = profile({ network: { domains: ['example.com'], intercept: [] } });
        for (const mount of [{ kind: 'layer', view } as const, { kind: 'scratch' } as const]) {
          let handle: SandboxHandle | null = null;
          const ask =
            'p=${HTTPS_PROXY##*:}; exec 3<>/dev/tcp/127.0.0.1/$p && cat <&3; echo "$p $no_proxy"; grep -c : /proc/net/dev; sleep 0.3';
          const running = world.bash(ask, { mount, profile: out, events: { onStarted: (started) => (handle = started) } });
          await sleep(200);
          expect((await (handle as SandboxHandle | null)?.openNetwork()) ?? null).toBeNull();
          expect((await running).output).toBe(`bridged\n${opened?.port} localhost,127.0.0.1,::1\n1\n`);
          expect(opened?.domains).toEqual(['example.com']);
        }
        const none = await openSandboxWorld();
        await none.sandbox.probe();
        await expect(none.bash('touch made', { profile: out })).rejects.toMatchObject({ code: 'unavailable' });
        expect(existsSync(join(none.workspace, 'made'))).toBe(false);
        await none.close();
      });
    });
  });
};
