import { z } from 'zod';
import type { JsonObject } from '../../../../shared/json.ts';
import { defineOperation, type Operation } from './operation.ts';
import { HostName, Port, WebUrl } from './parameters.ts';

/** Of `ss -H`. */
const parseConnections = ([output]: readonly string[]): JsonObject => ({
  connections: (output ?? '').split('\n').flatMap((line) => {
    const [protocol, state, , , local, peer] = line.trim().split(/\s+/);
    return protocol === undefined || peer === undefined ? [] : [{ protocol, state: state ?? '', local: local ?? '', peer }];
  }),
});

/** Looking at networks, from the target. What the gateway can ask itself, it asks by its own rules of what may be reached. */
export const networkOperations: readonly Operation[] = [
  defineOperation({
    name: 'ping',
    title: 'Ping',
    description: 'Whether a host answers ICMP echo. Addresses of this machine and its network only where the operator allows them.',
    scope: 'network:diag',
    risk: 'moderate',
    parameters: z.strictObject({ host: HostName, count: z.number().int().min(1).max(10).default(4) }),
    summary: ({ host }) => `ping ${host}`,
    changes: null,
    form: {
      kind: 'address',
      host: ({ host }) => host,
      ways: { generic: [({ count }, address) => ['ping', '-n', '-c', count.toString(), '-w', '20', '--', address]] },
    },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'port_test',
    title: 'Test a port',
    description: 'Whether a host takes a TCP connection at a port.',
    scope: 'network:diag',
    risk: 'moderate',
    parameters: z.strictObject({ host: HostName, port: Port }),
    summary: ({ host, port }) => `connect to port ${port.toString()} of ${host}`,
    changes: null,
    form: { kind: 'network', request: ({ host, port }) => ({ kind: 'connect', host, port }) },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'dns_lookup',
    title: 'Look up a name',
    description: 'The addresses of a host name.',
    scope: 'network:diag',
    risk: 'moderate',
    parameters: z.strictObject({ host: HostName }),
    summary: ({ host }) => `look up ${host}`,
    changes: null,
    form: { kind: 'network', request: ({ host }) => ({ kind: 'lookup', host }) },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'certificate_check',
    title: 'Check a certificate',
    description: 'The TLS certificate that a host presents: for whom, by whom, until when, and whether it is trusted.',
    scope: 'network:diag',
    risk: 'moderate',
    parameters: z.strictObject({ host: HostName, port: Port.default(443) }),
    summary: ({ host, port }) => `look at the certificate of ${host}:${port.toString()}`,
    changes: null,
    form: { kind: 'network', request: ({ host, port }) => ({ kind: 'certificate', host, port }) },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'active_connections',
    title: 'Active connections',
    description: 'TCP and UDP sockets of the target, with their peers.',
    scope: 'network:read',
    risk: 'moderate',
    parameters: z.strictObject({}),
    summary: () => 'list active connections',
    changes: null,
    form: {
      kind: 'programs',
      root: false,
      engine: false,
      ways: { generic: [() => [['ss', '-H', '-t', '-u', '-n', '-a']]] },
      parse: parseConnections,
    },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'http_request_test',
    title: 'Test an HTTP request',
    description: 'Sends one GET or HEAD request and says what came back; redirects are shown and not followed. Always put to the operator.',
    scope: 'network:diag',
    risk: 'critical',
    parameters: z.strictObject({ url: WebUrl, method: z.enum(['GET', 'HEAD']).default('GET') }),
    summary: ({ url, method }) => `send ${method} ${url}`,
    changes: ({ url }) => `A request would reach ${url}; what that does is up to the server.`,
    form: { kind: 'network', request: ({ url, method }) => ({ kind: 'http', url: new URL(url), method }) },
    timeoutS: 60,
  }),
];
