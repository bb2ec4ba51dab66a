import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beat, isBeating, openCountingListener, openSandboxWorld, type SandboxWorld } from './sandbox-world.ts';

/** Attacks from inside a real sandbox. Each has a canary for an oracle and a control that shows that the attack works without the sandbox. */
export const describeConfinement = (who: string): void => {
  describe(`sandbox: confinement as ${who}`, () => {
    let world: SandboxWorld;
    beforeEach(async () => {
      world = await openSandboxWorld();
      expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap', fix: null });
    });
    afterEach(async () => world.close());

    it('F57: leaves no trace of its own attempts', () => {
      expect(readdirSync(world.data)).toEqual(['gatehouse.db']);
      expect(world.sandbox.status().version).toMatch(/^\d/);
    });

    it('works: reads and writes the workspace as the operator, at its own path, with the exit code', async () => {
      writeFileSync(join(world.workspace, 'in'), 'from outside');
      const result = await world.bash('cat in; pwd; echo inside > out; whoami; touch "$HOME/x"; hostname > /dev/stderr; exit 3');
      expect(result).toMatchObject({ exit: { kind: 'exited', code: 3 }, truncated: false });
      expect(result.output).toBe(`from outside${world.workspace}\nsandbox\nsandbox\n`);
      expect(readFileSync(join(world.workspace, 'out'), 'utf8')).toBe('inside\n');
      expect(statSync(join(world.workspace, 'out')).uid).toBe(process.getuid?.());
    });

    it('F59: cannot read keys, the data directory, a neighbour’s workspace, or what lies beside the workspace', async () => {
      const targets = [
        join(world.home, '.ssh/id_ed25519'),
        join(world.data, 'gatehouse.db'),
        join(world.neighbour, 'canary'),
        join(world.root, 'canary'),
      ];
      const attack = 'for f in "$@"; do cat "$f" "/proc/1/root$f" "/proc/1/cwd$f" "../../../../../../$f"; done';
      const result = await world.bash(`${attack}; ls -la ${world.root} ${world.home}`, { args: targets });
      expect(result.output).not.toContain(world.secret);
      expect(result.output).not.toContain('gatehouse.db\n');
      expect(world.bare('for f in "$@"; do cat "$f"; done', targets).split(world.secret)).toHaveLength(5);
    });

    it('F59: does not see the host’s accounts, hosts, machine id or shadow', async () => {
      const result = await world.bash(
        'cat /etc/passwd /etc/hosts; ls /etc/shadow /etc/machine-id /etc/ssh /root/.bashrc /home/* /var/log /sys/class /boot; true',
      );
      expect(result.output.match(/^[a-z]+:x:/gm)?.every((line) => ['root:x:', 'sandbox:x:', 'nobody:x:'].includes(line))).toBe(true);
      expect(result.output.match(/cannot access/g)).toHaveLength(8);
    });

    it('F59: cannot follow a link out of the workspace', async () => {
      symlinkSync(join(world.root, 'canary'), join(world.workspace, 'link'));
      symlinkSync('../data', join(world.workspace, 'folder'));
      const result = await world.bash('cat link folder/gatehouse.db; echo x > folder/made; ln /usr/bin/env hard');
      expect(result.output).not.toContain(world.secret);
      expect(readdirSync(world.data)).toEqual(['gatehouse.db']);
      expect(existsSync(join(world.workspace, 'hard'))).toBe(false);
      expect(world.bare('cat link')).toContain(world.secret);
    });

    it('F59: cannot write outside the workspace', async () => {
      const targets = [
        `${world.root}/made`,
        `${world.neighbour}/made`,
        `${world.data}/made`,
        '/usr/made',
        '/usr/bin/made',
        '/etc/made',
        '/made',
        '/dev/made',
        '/var/made',
      ];
      const result = await world.bash('for f in "$@" ok; do echo x > "$f"; done', { args: targets });
      expect(result.exit).toEqual({ kind: 'exited', code: 0 });
      expect(targets.filter((path) => existsSync(path))).toEqual([]);
      expect(existsSync(join(world.workspace, 'ok'))).toBe(true);
    });

    it('F59: sees nothing of the gateway’s environment, by any process', async () => {
      process.env['SANDBOX_CANARY'] = world.secret;
      const attack = 'env; cat /proc/*/environ | tr "\\0" "\\n"; cat /proc/*/cmdline | tr "\\0" " "';
      const result = await world.bash(attack);
      const control = world.bare('env');
      delete process.env['SANDBOX_CANARY'];
      expect(result.output).not.toContain('SANDBOX_CANARY');
      expect(control).toContain(world.secret);
      expect(result.output).toContain('HOME=/run/home');
    });

    it('F59: inherits no descriptor', async () => {
      const fd = openSync(join(world.root, 'canary'), 'r');
      const result = await world.bash('for d in /proc/[0-9]*/fd/*; do readlink "$d"; done; ls /proc/self/fd');
      closeSync(fd);
      expect(result.output).not.toContain(world.root.slice(1) + '/canary');
      expect(result.output).toMatch(/\n0\n1\n2\n3\n$/);
    });

    it('F59: reaches no listener of the host: loopback, abstract and file-system sockets', async () => {
      const tcp = await openCountingListener(0);
      const abstract = await openCountingListener(`\0${world.secret}`);
      const socket = await openCountingListener(join(world.root, 'docker.sock'));
      const attack = `
        (exec 3<>/dev/tcp/127.0.0.1/$1); (exec 3<>/dev/tcp/localhost/$1); (echo x > /dev/udp/127.0.0.1/$1)
        perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); connect(S,pack_sockaddr_un("\\0$ARGV[0]")) or print "abstract: $!\\n"; socket(T,AF_UNIX,SOCK_STREAM,0); connect(T,pack_sockaddr_un($ARGV[1])) or print "path: $!\\n"' "$2" "$3"
        cat /proc/net/dev | grep -c :`;
      const args = [String(tcp.port), world.secret, join(world.root, 'docker.sock')];
      const result = await world.bash(attack, { args });
      expect(result.output).toMatch(/\n1\n$/);
      expect([tcp.hits(), abstract.hits(), socket.hits()]).toEqual([0, 0, 0]);

      const control = spawn('/bin/bash', ['-c', attack, 'bash', ...args], { stdio: 'ignore' });
      await new Promise((done) => control.once('exit', done));
      await sleep(100);
      expect([tcp.hits(), abstract.hits(), socket.hits()]).toEqual([2, 1, 1]);
      for (const listener of [tcp, abstract, socket]) await listener.close();
    });

    it('F59: sees and signals its own processes only', async () => {
      const result = await world.bash('ls -d /proc/[0-9]* | wc -l; kill -0 "$1" && echo reached; kill -9 -1; true', {
        args: [String(process.pid)],
      });
      expect(Number(result.output.split('\n')[0])).toBeLessThan(8);
      expect(result.output).not.toContain('reached');
      expect(world.bare('kill -0 "$1" && echo reached', [String(process.pid)])).toBe('reached\n');
    });

    it('F59: holds no capability, gains none, and makes no namespace', async () => {
      const result = await world.bash(
        'grep -E "^(Cap|NoNewPrivs)" /proc/self/status; unshare -U true; unshare -r true; unshare -m true; mount -t tmpfs x /tmp; chroot / true; echo end',
      );
      expect(result.output.match(/^Cap\w+:\t0+$/gm)).toHaveLength(5);
      expect(result.output).toMatch(/NoNewPrivs:\t1/);
      expect(result.output.match(/unshare failed/g)).toHaveLength(3);
      expect(result.output).toMatch(/mount.*\n.*chroot.*\nend/);
    });

    it('F59: has no controlling terminal to push input into, with a terminal and without', async () => {
      expect((await world.bash(': < /dev/tty || echo none; test -t 1 || echo pipe')).output).toMatch(/none\npipe\n$/);
      const result = await world.bash(': < /dev/tty || echo none; test -t 1 && echo terminal; exit 4', { tty: true });
      expect(result.output).toMatch(/none\r\nterminal\r\n$/);
      expect(result.exit).toEqual({ kind: 'exited', code: 4 });
    });

    it('F59: takes what runs in the background with it when it ends', async () => {
      const result = await world.bash(
        `(${beat}) & setsid bash -c '${beat}' & (trap '' TERM HUP; nohup bash -c '${beat}' >/dev/null 2>&1) & disown -a; sleep 0.3; echo end`,
      );
      expect(result).toMatchObject({ exit: { kind: 'exited', code: 0 }, output: 'end\n' });
      expect(statSync(join(world.workspace, 'beat')).size).toBeGreaterThan(5);
      expect(await isBeating(world.workspace)).toBe(false);
    });

    it('F36: ends at its time limit with everything it started', async () => {
      const result = await world.bash(`trap '' TERM INT HUP; setsid bash -c "trap '' TERM; ${beat}" & ${beat}`, { timeoutMs: 700 });
      expect(result.exit).toEqual({ kind: 'timed_out' });
      expect(result.durationMs).toBeLessThan(3000);
      expect(await isBeating(world.workspace)).toBe(false);
    });

    it('ends when it is aborted, with and without a terminal, and when the sandbox is stopped', async () => {
      for (const tty of [false, true]) {
        const abort = new AbortController();
        const pending = world.bash(beat, { signal: abort.signal, tty });
        await sleep(600);
        expect(await isBeating(world.workspace)).toBe(true);
        abort.abort();
        expect((await pending).exit).toEqual({ kind: 'aborted' });
        expect(await isBeating(world.workspace)).toBe(false);
      }
      const pending = world.bash(beat);
      await sleep(300);
      await world.sandbox.stop();
      expect((await pending).exit).toEqual({ kind: 'aborted' });
      await expect(world.bash('true')).rejects.toMatchObject({ code: 'unavailable' });
    });

    it('F59: dies with the gateway when that is killed', async () => {
      const module = fileURLToPath(new URL('./sandbox-world.ts', import.meta.url));
      const script = `
        import { openSandboxWorld, beat } from ${JSON.stringify(module)};
        const world = await openSandboxWorld();
        await world.sandbox.probe();
        console.log(world.workspace);
        await world.bash("setsid bash -c '" + beat + "' & " + beat);`;
      const gateway = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const workspace = await new Promise<string>((resolve) =>
        gateway.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
      );
      await sleep(700);
      expect(await isBeating(workspace)).toBe(true);
      gateway.kill('SIGKILL');
      expect(await isBeating(workspace)).toBe(false);
      // It could not tidy up after itself.
      rmSync(dirname(workspace), { recursive: true });
    });

    it('F59: cannot fill memory by way of /tmp, HOME, /dev/shm, /dev or /', async () => {
      const result = await world.bash(
        'for f in /tmp/a "$HOME/a" /var/tmp/a /dev/shm/a /dev/a /a /run/a; do head -c 64M /dev/zero > "$f"; done; stat -c %s /tmp/a /dev/shm/a',
        { timeoutMs: 20_000 },
      );
      const sizes = result.output.match(/^\d+$/gm)?.map(Number) ?? [];
      expect(sizes).toHaveLength(2);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(16 * 2 ** 20);
      expect(result.output.match(/No space left/g)?.length).toBeGreaterThanOrEqual(2);
      expect(result.output.match(/Read-only/g)).toHaveLength(3);
    });

    it('F59: cannot make a file of a terabyte, nor dump core, nor raise its limits', async () => {
      const result = await world.bash(
        `truncate -s 1T big; ulimit -c; ulimit -c 1; ulimit -n; ulimit -n 100000; truncate -s 1M fine && stat -c %s fine`,
      );
      expect(statSync(join(world.workspace, 'big'), { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(2 ** 33);
      expect(result.output.match(/cannot modify limit/g)).toHaveLength(2);
      expect(result.output).toMatch(/^0$[^]*^4096$[^]*^1048576$/m);
    });

    it('F59: keeps output within its limit', async () => {
      const flood = await world.bash('yes', { timeoutMs: 1000, outputLimit: 4096 });
      expect(flood).toMatchObject({ truncated: true, exit: { kind: 'timed_out' } });
      expect(flood.output).toHaveLength(4096);
      const odd = await world.bash('printf "a\\xff\\xfeb"; head -c 5000000 /dev/zero | tr "\\0" x', { outputLimit: 100 });
      expect(odd.output).toBe(`a\ufffd\ufffdb${'x'.repeat(96)}`);
      expect(odd.outputBytes).toBe(5_000_004);
    });

    it('shows several workspaces, one in another, and nothing beside them', async () => {
      const inner = join(world.workspace, 'deep/inner');
      mkdirSync(inner, { recursive: true });
      const result = await world.bash('echo a > made; echo b > "$1/made"; ls "$2"', {
        cwd: inner,
        workspaces: [world.workspace, inner, world.neighbour],
        args: [world.neighbour, world.root],
      });
      expect(result.output).toBe('neighbour\nworkspace\n');
      expect(existsSync(join(inner, 'made')) && existsSync(join(world.neighbour, 'made'))).toBe(true);
    });

    it('F59: cannot change a workspace that is to be read only, also one in another', async () => {
      const inner = join(world.workspace, 'deep/inner');
      mkdirSync(inner, { recursive: true });
      writeFileSync(join(inner, 'kept'), 'kept');
      const attempts = 'touch made "$1/made"; echo x > deep/inner/kept; chmod 700 deep; mv deep moved; cat */inner/kept';
      const options = { workspaces: [world.workspace, inner, world.neighbour], args: [world.neighbour] };
      const result = await world.bash(attempts, { ...options, mount: { kind: 'read-only' } });
      expect(result.output).toMatch(/Read-only file system[^]*kept$/);
      expect(existsSync(join(world.workspace, 'made')) || existsSync(join(world.neighbour, 'made'))).toBe(false);
      expect(readFileSync(join(inner, 'kept'), 'utf8')).toBe('kept');
      // Positive control: what is private stays writable, and the same attempts work where writing is wanted.
      expect((await world.bash('echo fine > /tmp/x && cat /tmp/x', { ...options, mount: { kind: 'read-only' } })).output).toBe('fine\n');
      await world.bash(attempts, options);
      expect(existsSync(join(world.workspace, 'moved')) && existsSync(join(world.neighbour, 'made'))).toBe(true);
    });

    it('F54: runs nothing when a workspace has become a link, lies in the data directory, or the folder is elsewhere', async () => {
      const run = 'touch made';
      await expect(world.bash(run, { cwd: world.data, workspaces: [world.data] })).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.bash(run, { cwd: world.root, workspaces: [world.root] })).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.bash(run, { cwd: world.neighbour })).rejects.toMatchObject({ code: 'invalid_input' });
      renameSync(world.workspace, `${world.root}/away`);
      symlinkSync(world.neighbour, world.workspace);
      await expect(world.bash(run)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.bash(run, { cwd: '/', workspaces: ['/'] })).rejects.toMatchObject({ code: 'forbidden' });
      for (const folder of [world.data, world.root, world.neighbour]) expect(existsSync(join(folder, 'made'))).toBe(false);
      expect(existsSync('/made')).toBe(false);
    });
  });
};
