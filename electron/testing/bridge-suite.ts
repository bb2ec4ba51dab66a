import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createBridge } from '../adapters/egress/bridge.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import type { EgressBridge } from '../core/ports/egress.ts';
import { openEgressWorld, publicAddress, type EgressWorld } from './egress-world.ts';
import { okTestCertificate } from './fixtures/ok-test-certificate.ts';

type Probe = Readonly<Record<string, string | number>> & { readonly kind: 'tcp' | 'udp' | 'dns' | 'http' | 'tls' };

interface Client {
  ask(...probes: readonly Probe[]): Promise<string[]>;
  end(): void;
}

const clientFile = fileURLToPath(new URL('bridge-client.mjs', import.meta.url));

const speak = (child: ChildProcessWithoutNullStreams): Client => {
  const lines = createInterface({ input: child.stdout });
  return {
    ask: async (...probes) =>
      await new Promise((resolve, reject) => {
        child.once('exit', () => reject(new Error('the client ended')));
        lines.once('line', (line) => resolve(JSON.parse(line) as string[]));
        child.stdin.write(`${JSON.stringify(probes)}\n`);
      }),
    end: () => void child.kill('SIGKILL'),
  };
};

/** A client in real namespaces with nothing but a loopback of its own, and descriptors of them. */
const startConfined = async (): Promise<Client & { network: number; user: number }> => {
  const options = ['--unshare-user', '--unshare-net', '--unshare-pid', '--die-with-parent', '--new-session', '--info-fd', '3'];
  // Without --dev, for which bubblewrap makes a second user namespace, that does not own the network.
  const mounts = ['--ro-bind', '/', '/', '--proc', '/proc'];
  const child = spawn('bwrap', [...options, ...mounts, '--', process.execPath, clientFile], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  const pid = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.once('error', reject).once('exit', () => reject(new Error('bubblewrap ended')));
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /"child-pid": *(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const client = speak(child as unknown as ChildProcessWithoutNullStreams);
  // It has answered, so that its loopback is up.
  await client.ask();
  return { ...client, network: openSync(`/proc/${pid}/ns/net`, 'r'), user: openSync(`/proc/${pid}/ns/user`, 'r') };
};

/** Command lines of socat that name this folder, of all that run. */
const programsNaming = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes('socat') && line.includes(folder));

export const describeBridge = (who: string): void => {
  describe(`the way out of a sandbox, as ${who}`, () => {
    const findProgram = createFindProgram('/usr/local/bin:/usr/bin:/bin');
    const runner = createRunner();
    let world: EgressWorld;
    let bridge: EgressBridge;
    let inside: Awaited<ReturnType<typeof startConfined>>;
    let outside: Client;

    beforeAll(async () => {
      world = await openEgressWorld();
      bridge = createBridge({ runner, egress: world.egress, findProgram });
      inside = await startConfined();
      outside = speak(spawn(process.execPath, [clientFile]));
    });
    afterAll(async () => {
      inside.end();
      outside.end();
      for (const fd of [inside.network, inside.user]) closeSync(fd);
      await world.close();
      await runner.stop();
    });

    const open = async (domains = [`ok.test:${world.plainPort}`, `ok.test:${world.securePort}`]) =>
      await bridge.open({
        networkNamespace: inside.network,
        userNamespace: inside.user,
        domains,
        onEvent: (event) => world.events.push(event),
      });
    const plain = (proxy: number, host: string): Probe => ({ kind: 'http', proxy, url: `http://${host}/plain`, host });
    const secure = (proxy: number, authority: string, name: string): Probe => ({
      kind: 'tls',
      proxy,
      authority,
      name,
      ca: okTestCertificate,
    });

    it('leads to the hosts on the list and nowhere else', async () => {
      const { port, close } = await open();
      world.names.set('inside.test', [['127.0.0.1']]);
      const answers = await inside.ask(
        plain(port, `ok.test:${world.plainPort}`),
        secure(port, `ok.test:${world.securePort}`, 'ok.test'),
        plain(port, `evil.test:${world.canaryPort}`),
        plain(port, `127.0.0.1:${world.canaryPort}`),
        secure(port, `ok.test.evil:${world.securePort}`, 'ok.test'),
        secure(port, `ok.test:${world.canaryPort}`, 'ok.test'),
      );
      expect(answers[0]).toBe('served /plain');
      expect(answers[1]).toContain('served /tls');
      expect(answers.slice(2).join(' ')).not.toContain('served');
      expect(answers[2]).toContain('not on the list');
      expect(answers[3]).toContain('no host name');
      expect(answers.slice(4)).toEqual(['not_listed', 'not_listed']);
      expect(world.canaryHits()).toBe(0);
      expect(world.events).toContainEqual(expect.objectContaining({ host: 'ok.test', address: publicAddress, refusal: null }));
      await close();
    });

    it('is the only way out: nothing else leads anywhere, of which the same client outside is the control', async () => {
      const { port, close } = await open();
      let datagrams = 0;
      const udp = createSocket('udp4').on('message', () => (datagrams += 1));
      const udpPort = await new Promise<number>((resolve) => udp.bind(0, '127.0.0.1', () => resolve(udp.address().port)));
      const direct: Probe[] = [
        { kind: 'tcp', host: '127.0.0.1', port: world.canaryPort },
        { kind: 'udp', host: '127.0.0.1', port: udpPort },
        { kind: 'dns', host: 'localhost.ok.test' },
        { kind: 'tcp', host: '::1', port: world.canaryPort },
        { kind: 'tcp', host: '192.0.2.1', port: 80 },
        { kind: 'tcp', host: '2001:db8::1', port: 80 },
        { kind: 'udp', host: '192.0.2.1', port: 53 },
      ];
      const [tcp, , dns, six, ...far] = await inside.ask(...direct);
      expect([tcp, six]).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
      expect(dns).toMatch(/^E/);
      for (const answer of far) expect(answer).toBe('ENETUNREACH');
      expect([world.canaryHits(), datagrams]).toEqual([0, 0]);
      expect(await inside.ask(plain(port, `ok.test:${world.plainPort}`))).toEqual(['served /plain']);

      expect((await outside.ask(...direct.slice(0, 2)))[0]).toBe('connected');
      await expect.poll(() => [world.canaryHits(), datagrams]).toEqual([1, 1]);
      udp.close();
      await close();
    });

    it('ends with its command', async () => {
      const [one, two] = [await open(), await open()];
      expect(one.port).not.toBe(two.port);
      await one.close();
      const answers = await inside.ask(
        { kind: 'tcp', host: '127.0.0.1', port: one.port },
        { kind: 'tcp', host: '127.0.0.1', port: two.port },
      );
      expect(answers).toEqual(['ECONNREFUSED', 'connected']);
      await two.close();
    });

    it('dies with a gateway that is killed', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bridge-test-'));
      const file = fileURLToPath(new URL('bridge-child.ts', import.meta.url));
      const gateway = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'inherit', inside.network, inside.user] });
      const port = await new Promise<number>((resolve, reject) => {
        gateway.once('exit', () => reject(new Error('the gateway ended')));
        (gateway.stdout as Readable).once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
      });
      const probe: Probe = { kind: 'tcp', host: '127.0.0.1', port };
      expect(programsNaming(folder)).not.toEqual([]);
      gateway.kill('SIGKILL');
      // Nobody has connected: a line in a log that nobody reads would end it, too.
      await expect.poll(() => programsNaming(folder), { timeout: 1000 }).toEqual([]);
      expect(await inside.ask(probe)).toEqual(['ECONNREFUSED']);
      await rm(folder, { recursive: true, force: true });
    });

    it('says what to install where socat is missing, and leaves nothing open', async () => {
      const without = createBridge({
        runner,
        egress: world.egress,
        findProgram: async (name) => (name === 'socat' ? null : await findProgram(name)),
      });
      const options = { networkNamespace: inside.network, userNamespace: inside.user, domains: ['ok.test'], onEvent: () => undefined };
      await expect(without.open(options)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('sudo apt-get install socat') as string,
      });
      await expect(bridge.open({ ...options, networkNamespace: inside.user })).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
};
