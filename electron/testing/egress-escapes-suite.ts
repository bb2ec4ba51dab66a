import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SandboxProfile } from '../../shared/domain/sandbox.ts';
import type { LayerView } from '../core/ports/layers.ts';
import { craftClientHello, serverNames } from './client-hello.ts';
import { openEgressCanaries, type EgressCanaries } from './egress-canaries.ts';
import { openEscapeWorld, type EscapeWorld } from './escape-world.ts';
import { openUnguardedProxy, type Place, type UnguardedProxy } from './unguarded-proxy.ts';

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
  ['send datagrams', 'echo x > /dev/udp/127.0.0.1/CANARY'],
  ['send datagrams by IPv6', 'echo x > /dev/udp/::1/CANARY'],
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
  ['open a socket such as the proxy’s own', `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) and print "G", "OT\\n"'`],
  ['find the proxy’s own socket', `find "\${UNGUARDED:-/}" -type s 2>/dev/null | grep -q . && printf 'G%s' OT`],
];

/** Out through the network that a profile opens to one host. The canaries are listeners that count, and what only the outside shows. */
export const describeEgressEscapes = (who: string): void => {
  describe(`escapes by the way out, as ${who}`, () => {
    let world: EscapeWorld;
    let view: LayerView;
    let canaries: EgressCanaries;
    let unguarded: UnguardedProxy;
    beforeAll(async () => {
      world = await openEscapeWorld();
      world.egress.names.set('inside.test', [['127.0.0.1']]);
      canaries = await openEgressCanaries(world.egress.canaryPort);
      unguarded = await openUnguardedProxy(leadHome);
    });
    beforeEach(async () => (view = await world.view()));
    afterEach(async () => view.close());
    afterAll(async () => {
      await unguarded.close();
      await canaries.close();
      await world.close();
    });

    /** Names are of this machine, and what listens on port 80 is the canary. Addresses are what the system takes them for. */
    const leadHome = ({ host, port }: Place): Place => ({
      host: /\.(test|evil)$/.test(host) || host === '169.254.169.254' ? '127.0.0.1' : host,
      port: port === 80 ? world.egress.canaryPort : port,
    });
    const fill = (script: string): string =>
      script.replaceAll('CANARY', String(world.egress.canaryPort)).replaceAll('PLAIN', String(world.egress.plainPort));
    const ask = async (script: string, domains?: readonly string[]): Promise<string> => {
      const { plainPort, canaryPort } = world.egress;
      const listed = domains ?? [`ok.test:${plainPort}`, `inside.test:${canaryPort}`];
      const profile = SandboxProfile.parse({ ...world.profile, network: { domains: listed } });
      return (await world.run(view, fill(script), [], { profile })).output;
    };
    /** The same script outside of any sandbox, by way of a proxy that checks nothing. */
    const askUnguarded = async (script: string): Promise<string> => {
      const proxy = `http://127.0.0.1:${unguarded.port}`;
      const env = { PATH: process.env['PATH'] ?? '', HTTP_PROXY: proxy, HTTPS_PROXY: proxy, UNGUARDED: tmpdir() };
      return new Promise((resolve) => {
        execFile('/bin/bash', ['-c', `exec 2>&1; ${fill(script)}`], { env, timeout: 60_000 }, (_error, stdout) => resolve(stdout));
      });
    };
    /** How much has got out: connections, datagrams, and what only the outside shows. */
    const escaped = async (output = ''): Promise<number> =>
      world.egress.canaryHits() + canaries.hits() + (await canaries.datagrams()).length + (/\bcanary\b|GOT|root:x:0/.test(output) ? 1 : 0);

    it('F59: positive control: leads to the host on the list, and the canary counts', async () => {
      const served = await ask(
        through('GET http://ok.test:PLAIN/fine HTTP/1.1\\r\\nHost: ok.test:PLAIN\\r\\nConnection: close\\r\\n\\r\\n'),
      );
      expect(served).toContain('served /fine');
      const before = world.egress.canaryHits();
      // The same tunnel, were the canary on the list.
      expect(await ask(connect('ok.test:CANARY'), [`ok.test:${world.egress.canaryPort}`])).toContain('200');
      expect(world.egress.canaryHits()).toBe(before + 1);
    });

    it.each(ways)('F59: cannot %s', async (_title, script) => {
      const before = await escaped();
      const dialled = world.egress.dialed.length;
      const output = await ask(script);
      expect(await escaped(output), output).toBe(before);
      for (const { text } of world.egress.dialed.slice(dialled)) expect(text).toBe('93.184.215.14');
      // Positive control: the same script gets there where nothing is checked.
      const control = await askUnguarded(script);
      expect(await escaped(control), control).toBeGreaterThan(before);
    });

    it('F59: without a network in the profile, there is no proxy and nothing to reach it by', async () => {
      const script = 'env | grep -ic _proxy; grep -c : /proc/net/dev; (exec 3<>/dev/tcp/127.0.0.1/CANARY) && echo reached';
      const { output } = await world.run(view, fill(script));
      expect(output).toMatch(/^0\n1\n/);
      expect(output).not.toContain('reached');
      // Positive control: outside there are proxies, interfaces, and a way.
      expect(await askUnguarded(script)).toMatch(/^2\n(?!1\n)\d+\nreached\n$/);
    });
  });
};
