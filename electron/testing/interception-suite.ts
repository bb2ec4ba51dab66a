import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFindProgram } from '../adapters/bubblewrap/find-program.ts';
import { createBridge } from '../adapters/egress/bridge.ts';
import { createRunner } from '../adapters/runner/runner.ts';
import type { EgressEvent } from '../core/ports/egress.ts';
import { openEgressWorld, type EgressWorld } from './egress-world.ts';
import { openSandboxWorld, testProfile, type SandboxWorld } from './sandbox-world.ts';

/** Asks `https://ok.test:PORT/PATH` with this Host, by way of the proxy variables, and prints what comes. */
const nodeClient = `const [path, host] = process.argv.slice(1);
const get = require('node:https').get;
get({ host: 'ok.test', port: PORT, path, servername: 'ok.test', headers: { host } }, (reply) => reply.pipe(process.stdout))
  .on('error', (error) => console.log('cut: ' + error.message));`;

/** Domain fronting by real programs in a real sandbox, through the bridge. */
export const describeInterception = (who: string): void => {
  describe(`fronting out of a sandbox, by ${who}`, () => {
    const runner = createRunner();
    let egress: EgressWorld;
    let world: SandboxWorld;
    const told: EgressEvent[] = [];

    beforeAll(async () => {
      egress = await openEgressWorld();
      const findProgram = createFindProgram('/usr/local/bin:/usr/bin:/bin');
      world = await openSandboxWorld({ bridge: createBridge({ runner, egress: egress.egress, findProgram }) });
      expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
    });
    afterAll(async () => {
      await world.close();
      await runner.stop();
      await egress.close();
    });
    beforeEach(() => void egress.requests.splice(0));

    const authority = (): string => `ok.test:${egress.securePort}`;
    const hosts = (): unknown[] => egress.requests.map(({ headers }) => headers.host);

    /** Runs where `intercept` is opened, of two hosts on the list. */
    const run = async (script: string, intercept: readonly string[], args: readonly string[] = []): Promise<string> => {
      const domains = [authority(), `other.test:${egress.securePort}`];
      const profile = {
        ...testProfile,
        // Only for those who run it: the program itself holds what the search for keys looks for.
        reads: args[0] === process.execPath ? [dirname(process.execPath)] : [],
        limits: { ...testProfile.limits, memory_mb: 4096 },
        network: { domains, intercept: [...intercept] },
      };
      return (await world.bash(script, { profile, args, timeoutMs: 60_000, events: { onEgress: (event) => told.push(event) } })).output;
    };

    const clients = {
      curl: async (path: string, host: string, intercept: readonly string[]) =>
        await run('curl -sS -m 30 -H "Host: $2" "https://$1" 2>&1', intercept, [`${authority()}${path}`, host]),
      node: async (path: string, host: string, intercept: readonly string[]) =>
        await run('"$1" -e "$2" "$3" "$4" 2>&1', intercept, [
          process.execPath,
          nodeClient.replace('PORT', String(egress.securePort)),
          path,
          host,
        ]),
    };

    it.each(['curl', 'node'] as const)('F59: %s reaches a host whose TLS is opened, and no other tenant of it', async (client) => {
      const opened = [authority()];
      expect(await clients[client]('/fine', authority(), opened)).toContain('served /fine');
      expect(hosts()).toEqual([authority()]);
      const answer = await clients[client]('/fronted', 'evil.test', opened);
      expect(answer).toContain('the Host header is not the host that was asked for');
      expect(hosts()).toEqual([authority()]);
      expect(told.at(-1)).toMatchObject({
        host: 'ok.test',
        refusal: 'host_mismatch',
        intercepted: true,
        address: null,
        request: { method: 'GET', pathLength: 8 },
      });
    });

    it.each(['curl', 'node'] as const)(
      '%s can still front by a host that stays shut, which is the control and a known limit',
      async (client) => {
        const opened = [`other.test:${egress.securePort}`];
        expect(await clients[client]('/fine', authority(), opened)).toContain('served /fine');
        expect(await clients[client]('/fronted', 'evil.test', opened)).toContain('served /fronted');
        expect(hosts()).toEqual([authority(), 'evil.test']);
      },
    );

    it('refuses those who do not trust the certificate, and says so', async () => {
      expect(await run('env -u CURL_CA_BUNDLE -u SSL_CERT_FILE curl -sS -m 30 "https://$1" 2>&1', [authority()], [authority()])).toMatch(
        /certificate/i,
      );
      expect(hosts()).toEqual([]);
      await expect.poll(() => told.at(-1)).toMatchObject({ refusal: 'not_trusted', intercepted: true });
      expect(await clients.curl('/fine', authority(), [authority()])).toContain('served /fine');
    });

    const look = `f=$SSL_CERT_FILE; env | grep -c "=$f$"; grep -c BEGIN "$f"; grep -c PRIVATE "$f"; stat -c %a "$f"
      (echo x >> "$f") 2>/dev/null && echo written; rm -f "$f" 2>/dev/null; (: > "$(dirname "$f")/new") 2>/dev/null && echo made; test -s "$f" && echo there
      grep -rlsa "PRIVATE KEY" /run /tmp /etc /proc/1/environ`;

    it('F59: shows the certificates as a file that nobody can change, to every library by its own name, and no key', async () => {
      expect(await run(look, [authority()])).toBe('9\n2\n0\n444\nthere\n');
    });

    it('sets and shows nothing where no TLS is opened', async () => {
      expect(await run('env | grep -ci "cert\\|ca_bundle\\|cainfo"; ls /run', [])).toBe('0\nhome\n');
    });
  });
};
