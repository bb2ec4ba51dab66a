import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createOperationsWorld, dockerScript, type OperationsWorld, type OperationsWorldOptions } from '../../testing/operations-world.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import { operations } from './operations/operations.ts';

let world: OperationsWorld;
let server: Server | null = null;

const containers = (...names: string[]): void => writeFileSync(join(world.folder, 'containers'), names.map((name) => `${name}\n`).join(''));

async function open(options: OperationsWorldOptions = {}): Promise<AgentToken> {
  await world.close();
  world = await createOperationsWorld(options);
  containers('web', 'db');
  world.program('docker', dockerScript(join(world.folder, 'containers')));
  world.program('apt-get', `touch ${world.folder}/apt-canary; echo ran`);
  world.program('apt-cache', `for name in nginx nginx-full g++; do [[ $name == "$3"* ]] && echo $name; done; true`);
  world.program('ufw', 'echo ran');
  world.program('systemctl', `[[ $1 == list-units ]] && echo 'ssh.service loaded active running'; true`);
  world.program('ping', 'echo "$@"');
  world.program('ss', `echo 'tcp ESTAB 0 0 127.0.0.1:22 127.0.0.1:5000'`);
  return await world.token({ workspaces: [world.folder] });
}

async function approve(): Promise<void> {
  const [approval] = await world.harness.pending();
  if (approval === undefined) throw new Error('Nobody was asked.');
  await world.harness.broker.decide({ id: approval.id, digest: approval.digest, result: 'approved', channel: 'window', reason: '' });
}

async function listen(
  answer: (path: string) => { status: number; headers?: Record<string, string>; body: string },
): Promise<{ port: number; hits: string[] }> {
  const hits: string[] = [];
  server = createServer((request, response) => {
    hits.push(request.url ?? '');
    const { status, headers = {}, body } = answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, hits };
}

beforeEach(async () => {
  world = await createOperationsWorld();
});
afterEach(async () => {
  await world.close();
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** What is said about operations (FEATURES, its last section), by risk. */
const documented = {
  low: ['system_status', 'top_processes', 'pending_updates', 'container_list', 'image_list', 'network_list', 'service_status'],
  moderate: ['ping', 'port_test', 'dns_lookup', 'certificate_check', 'active_connections'],
  high: ['container_start', 'container_stop', 'container_restart', 'file_operations', 'service_restart'],
  critical: [
    'install_package',
    'update_system_packages',
    'update_docker_container',
    'pull_docker_image',
    'add_firewall_rule',
    'delete_firewall_rule',
    'http_request_test',
  ],
};

describe('the table of operations', () => {
  it('F32: every operation is a tool with a scope, a risk, a strict schema, a target and a dry run', async () => {
    await open();
    const { registry } = world.deps;
    expect(operations.map(({ name }) => name).sort()).toEqual(Object.values(documented).flat().sort());
    for (const { name } of operations) {
      const tool = registry.get(name);
      expect(registry.definitionHash(name)).toMatch(/^[0-9a-f]{64}$/);
      const schema = z.toJSONSchema(tool!.arguments, { io: 'input' });
      expect(schema.additionalProperties).toBe(false);
      expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(['target', 'dry_run']));
    }
  });

  it('F33: the risks are those of the documents', () => {
    for (const [risk, names] of Object.entries(documented))
      expect(
        operations
          .filter((operation) => operation.risk === risk)
          .map(({ name }) => name)
          .sort(),
      ).toEqual([...names].sort());
  });
});

/** Arguments of every operation that takes a text, with one place for a payload. */
const places: readonly (readonly [string, (payload: string) => Record<string, unknown>])[] = [
  ['install_package', (package_name) => ({ package_name })],
  ['container_restart', (container) => ({ container })],
  ['update_docker_container', (container) => ({ container })],
  ['pull_docker_image', (image) => ({ image })],
  ['service_status', (service) => ({ service })],
  ['service_restart', (service) => ({ service })],
  ['ping', (host) => ({ host })],
  ['port_test', (host) => ({ host, port: 80 })],
  ['dns_lookup', (host) => ({ host })],
  ['certificate_check', (host) => ({ host })],
  ['http_request_test', (url) => ({ url })],
  ['add_firewall_rule', (source) => ({ action: 'allow', port: 80, source })],
  ['add_firewall_rule', (action) => ({ action, port: 80 })],
  ['delete_firewall_rule', (port) => ({ action: 'allow', port })],
  ['top_processes', (sort_by) => ({ sort_by })],
];

const payloads: readonly string[] = [
  '; touch $CANARY',
  'web; touch $CANARY',
  'web && touch $CANARY',
  'web | touch $CANARY',
  '$(touch $CANARY)',
  '`touch $CANARY`',
  'web\ntouch $CANARY',
  'web\0',
  '-o=Dpkg::Pre-Invoke::=touch $CANARY',
  '--config=/tmp/x',
  '-v',
  '--',
  '-',
  '',
  ' ',
  ' web',
  'web ',
  'web db',
  '../../etc/passwd',
  '/etc/passwd',
  '*',
  'we?',
  '{web,db}',
  '${IFS}',
  'web>$CANARY',
  'ｗｅｂ;',
  'web\u202e',
  'wеb;x',
  '%0atouch',
  "'",
  '"',
  '\\',
  'nginx=1.0;x',
  'nginx/stable x',
  'http://x y',
  'file:///etc/passwd',
  'http://user:pw@host/',
  'http://host/\r\nX: y',
  'gopher://host/',
  'x'.repeat(5000),
];

/** What some programs read as an address, and what is none at all. */
const notations: readonly string[] = [
  'host:80/x',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '10.0.0.0/99',
  '::ffff:127.0.0.1/200',
  'fe80::1%eth0',
  '[::1]',
];

describe('parameters', () => {
  it('F39: nothing but a value gets through: every payload at every place is refused, and no program runs', async () => {
    const token = await open();
    for (const [tool, argumentsOf] of places)
      for (const payload of payloads) {
        const text = payload.replaceAll('$CANARY', join(world.folder, 'canary'));
        const reply = await world.call(token, tool, argumentsOf(text));
        expect([tool, payload, reply.isError]).toEqual([tool, payload, true]);
        expect([tool, payload, reply.structured?.['outcome']]).toEqual([tool, payload, 'invalid']);
      }
    expect(world.runs()).toEqual([]);
    expect(existsSync(join(world.folder, 'canary'))).toBe(false);
    expect(await world.harness.broker.list({ state: 'all', limit: 10 })).toEqual([]);
  });

  it('F39: an address has one notation', async () => {
    const token = await open();
    for (const [tool, argumentsOf] of places.filter(([name]) => /^(ping|port|dns|cert|add_fire)/.test(name)))
      for (const notation of notations)
        expect([tool, notation, (await world.call(token, tool, argumentsOf(notation))).structured?.['outcome']]).toEqual([
          tool,
          notation,
          'invalid',
        ]);
    expect(world.runs()).toEqual([]);
  });

  it.each([
    // apt would remove these.
    ['install_package', { package_name: 'nginx-' }],
    ['container_list', { targets: 'local' }],
    ['container_list', { target: '-x' }],
    ['container_list', { dry_run: 'yes' }],
    ['container_restart', { container: ['web'] }],
    ['container_restart', { container: { toString: 'web' } }],
    ['ping', { host: 'ok.test', count: 1000 }],
    ['port_test', { host: 'ok.test', port: '80' }],
    ['port_test', { host: 'ok.test', port: 65_536 }],
    ['top_processes', { count: 0.5 }],
  ])('F39: types, ranges and unknown keys: %s %j', async (tool, args) => {
    const token = await open();
    expect((await world.call(token, tool, args)).structured?.['outcome']).toBe('invalid');
    expect(world.runs()).toEqual([]);
  });

  it('F39: what is a value arrives as one word, whatever is in it', async () => {
    const token = await open();
    containers('a.b-c_d');
    expect((await world.call(token, 'container_restart', { container: 'a.b-c_d' })).isError).toBe(false);
    const pulling = world.call(token, 'pull_docker_image', { image: 'ghcr.io/owner/name:1.2' });
    await approve();
    expect((await pulling).text).toContain('pulled ghcr.io/owner/name:1.2');
    expect(world.runs().slice(-1)).toEqual(['docker|image|pull|--|ghcr.io/owner/name:1.2']);
  });
});

describe('names', () => {
  it('F40: a container must be known; a renamed one is known by its new name, and by its old one no more', async () => {
    const token = await open();
    expect((await world.call(token, 'container_restart', { container: 'web' })).isError).toBe(false);
    containers('web2', 'db');
    world.forgetRuns();
    const renamed = world.call(token, 'container_restart', { container: 'web2' });
    // Lists are not made more often than every two seconds: who asks sooner waits.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(world.runs()).toEqual([]);
    await world.clock.advance(2000);
    expect((await renamed).isError).toBe(false);
    await world.clock.advance(2000);
    const gone = await world.call(token, 'container_restart', { container: 'web' });
    expect(world.ruleOf(gone)).toBe('builtin:unknown-name');
    expect(world.runs().filter((run) => run.includes('restart'))).toEqual(['docker|container|restart|--|web2']);
  });

  it('F40: a list is good for 300 seconds', async () => {
    const token = await open();
    const lists = (): number => world.runs().filter((run) => run.includes('|ls|')).length;
    for (const wait of [0, 100_000, 199_000]) {
      await world.clock.advance(wait);
      await world.call(token, 'container_restart', { container: 'web' });
      expect(lists()).toBe(1);
    }
    containers('db');
    await world.clock.advance(1000);
    expect(world.ruleOf(await world.call(token, 'container_restart', { container: 'web' }))).toBe('builtin:unknown-name');
    expect(lists()).toBe(2);
  });

  it('F40: what is gone when the operator says yes is not acted on', async () => {
    const token = await open();
    world.harness.judge('ask');
    const asking = world.call(token, 'container_restart', { container: 'web' });
    await world.harness.pending();
    containers('db');
    await world.clock.advance(5000);
    await approve();
    expect(world.ruleOf(await asking)).toBe('builtin:drift');
    expect(world.runs().filter((run) => run.includes('restart'))).toEqual([]);
  });

  it('F40: services and packages must be known, too; a package’s name is no pattern', async () => {
    const token = await open();
    expect((await world.call(token, 'service_status', { service: 'ssh.service' })).isError).toBe(false);
    await world.clock.advance(2000);
    expect(world.ruleOf(await world.call(token, 'service_status', { service: 'sshd' }))).toBe('builtin:unknown-name');
    for (const package_name of ['ngin', 'n.inx', 'nginx.ful'])
      expect(world.ruleOf(await world.call(token, 'install_package', { package_name }))).toBe('builtin:unknown-name');
    expect(existsSync(join(world.folder, 'apt-canary'))).toBe(false);
  });

  it('F40: an engine that does not answer, and a program that is absent, say so; nothing was asked and nothing done', async () => {
    const token = await open();
    world.program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    const silent = await world.call(token, 'pull_docker_image', { image: 'nginx' });
    expect(world.ruleOf(silent)).toBe('builtin:target-needs');
    expect(silent.text).toContain('Cannot connect to the Docker daemon');
    const absent = await world.call(token, 'top_processes', {});
    expect(world.ruleOf(absent)).toBe('builtin:target-needs');
    expect(absent.text).toContain('needs ps');
    expect(await world.harness.broker.list({ state: 'all', limit: 10 })).toEqual([]);
  });
});

const critical: readonly (readonly [string, Record<string, unknown>])[] = [
  ['install_package', { package_name: 'nginx' }],
  ['update_system_packages', {}],
  ['pull_docker_image', { image: 'nginx' }],
  ['add_firewall_rule', { action: 'allow', port: 80 }],
  ['delete_firewall_rule', { action: 'allow', port: 80 }],
  ['http_request_test', { url: 'http://ok.test/' }],
];

describe('critical operations', () => {
  it.each(critical)('F41: %s is put to the operator even where policy allows, and denied when nobody answers', async (tool, args) => {
    const token = await open();
    const before = (): readonly string[] => world.runs().filter((run) => !/\|ls\||apt-cache/.test(run));
    const asking = world.call(token, tool, args);
    const [approval] = await world.harness.pending();
    expect(approval).toMatchObject({ tool, target: 'local', risk: 'critical', rule: 'builtin:critical' });
    await world.clock.advance(271_000);
    const denied = await asking;
    expect(denied.isError).toBe(true);
    expect(denied.structured?.['outcome']).toBe('expired');
    expect(denied.text).toContain('not answered');
    expect(before()).toEqual([]);
    expect(existsSync(join(world.folder, 'apt-canary'))).toBe(false);
  });

  it('F41: approved, the commands of the plan run as they were shown', async () => {
    const token = await open();
    const asking = world.call(token, 'install_package', { package_name: 'nginx' });
    const [approval] = await world.harness.pending();
    expect(approval?.preview.command).toContain('apt-get install --yes --no-install-recommends -- nginx');
    await approve();
    expect((await asking).isError).toBe(false);
    expect(world.runs().slice(-1)).toEqual(['apt-get|install|--yes|--no-install-recommends|--|nginx']);
  });

  it('F41: a program that is replaced while the operator thinks does not run', async () => {
    const token = await open();
    const asking = world.call(token, 'update_system_packages', {});
    await world.harness.pending();
    world.program('apt-get', `touch ${world.folder}/apt-canary; echo other`);
    await approve();
    expect(world.ruleOf(await asking)).toBe('builtin:drift');
    expect(existsSync(join(world.folder, 'apt-canary'))).toBe(false);
  });

  it('F36: what needs root rights follows the target’s sudo policy', async () => {
    const token = await open({ uid: 1000 });
    const constraints = { require_approval: false, maintenance_windows: [] };
    // No sudo here.
    expect((await world.call(token, 'service_restart', { service: 'ssh' })).text).toContain('there is no sudo');
    world.program('sudo', 'shift 2; exec "$@"');
    world.target('local', { constraints: { ...constraints, sudo: 'never' } });
    expect((await world.call(token, 'service_restart', { service: 'ssh' })).text).toContain('sudo policy in targets.yaml is never');
    expect(world.runs().filter((run) => run.includes('restart'))).toEqual([]);
    world.target('local', { constraints: { ...constraints, sudo: 'ask' } });
    const asking = world.call(token, 'service_restart', { service: 'ssh' });
    expect((await world.harness.pending())[0]?.rule).toBe('builtin:target-sudo');
    await approve();
    expect((await asking).isError).toBe(false);
    world.target('local', { constraints: { ...constraints, sudo: 'allow' } });
    expect((await world.call(token, 'service_restart', { service: 'ssh' })).isError).toBe(false);
    const asRoot = world.runs().filter((run) => run.startsWith('sudo'));
    expect(asRoot).toHaveLength(2);
    expect(asRoot[0]).toMatch(/^sudo\|-n\|--\|.*\/systemctl\|--no-ask-password\|restart\|ssh\.service$/);
  });

  it('F41: a compose container is made anew from its own files, and not when they change meanwhile', async () => {
    const token = await open();
    const file = join(world.folder, 'compose.yaml');
    writeFileSync(file, 'services: {}');
    const labels = (files: string): string =>
      JSON.stringify({
        Image: 'nginx:1.27',
        Labels: {
          'com.docker.compose.project': 'site',
          'com.docker.compose.service': 'web',
          'com.docker.compose.project.working_dir': world.folder,
          'com.docker.compose.project.config_files': files,
        },
      });
    const withLabels = (text: string): void =>
      world.program(
        'docker',
        `[[ "$2" == inspect ]] && { echo '${text}'; exit; }\n[[ $1 == compose ]] && exit\n${dockerScript(join(world.folder, 'containers'))}`,
      );
    withLabels(labels(file));
    const asking = world.call(token, 'update_docker_container', { container: 'web' });
    expect((await world.harness.pending())[0]?.preview.operands.map(({ path }) => path)).toContain(file);
    await approve();
    expect((await asking).text).toContain('pulled nginx:1.27');
    expect(world.runs().slice(-1)[0]).toContain(
      `docker|compose|--project-name=site|--project-directory=${world.folder}|--file=${file}|up|--detach`,
    );

    world.forgetRuns();
    const second = world.call(token, 'update_docker_container', { container: 'web' });
    await world.harness.pending();
    writeFileSync(file, 'services: { other: {} }');
    await world.clock.advance(3000);
    await approve();
    expect(world.ruleOf(await second)).toBe('builtin:drift');
    withLabels('{"Image":"nginx","Labels":{}}');
    expect((await world.call(token, 'update_docker_container', { container: 'web' })).text).toContain('not made by docker compose');
    withLabels(labels('--privileged'));
    expect((await world.call(token, 'update_docker_container', { container: 'web' })).isError).toBe(true);
    expect(world.runs().filter((run) => /\|(pull|up)\|/.test(run))).toEqual([]);
  });
});

describe('dry run', () => {
  const everything: readonly (readonly [string, Record<string, unknown>])[] = [
    ...critical,
    ['container_restart', { container: 'web' }],
    ['service_restart', { service: 'ssh' }],
    ['container_list', {}],
    ['port_test', { host: 'ok.test', port: 80 }],
    ['file_operations', { action: 'read', path: 'containers' }],
  ];

  it.each(everything)('F94: %s shows its plan, is recorded, and nothing happens', async (tool, args) => {
    const token = await open();
    const reply = await world.call(token, tool, { ...args, dry_run: true });
    expect([reply.isError, reply.text]).toEqual([false, expect.stringContaining('"dry_run": true')]);
    expect(reply.text).toContain('"target": "local"');
    expect(world.runs().filter((run) => !/\|ls\||list-units|apt-cache/.test(run))).toEqual([]);
    expect(existsSync(join(world.folder, 'apt-canary'))).toBe(false);
    const types = (await world.harness.events()).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['execution.started', 'execution.finished']);
    expect(await world.harness.broker.list({ state: 'all', limit: 10 })).toEqual([]);
  });

  it('F94: the plan names the very commands', async () => {
    const token = await open();
    const plan = JSON.parse((await world.call(token, 'install_package', { package_name: 'nginx', dry_run: true })).text) as {
      commands: string[][];
    };
    expect(plan.commands.map(([program = '', ...rest]) => [program.split('/').at(-1), ...rest])).toEqual([
      ['apt-get', 'install', '--yes', '--no-install-recommends', '--', 'nginx'],
    ]);
  });

  it('F94: it is authorised as the call itself would be', async () => {
    const token = await open();
    const args = { container: 'web', dry_run: true };
    expect(world.ruleOf(await world.call(await world.token({ scopes: ['container:read'] }), 'container_restart', args))).toBe(
      'builtin:scope',
    );
    expect(world.ruleOf(await world.call(token, 'container_restart', { ...args, target: 'other' }))).toBe('builtin:target');
    // The list is made anew for the name that is missing from it; the first call finds none yet.
    expect(world.ruleOf(await world.call(token, 'container_restart', { ...args, container: 'nobody' }))).toBe('builtin:unknown-name');
    world.harness.judge('deny');
    expect(world.ruleOf(await world.call(token, 'container_restart', args))).toBe('rule-deny');
    world.harness.judge('ask');
    const asking = world.call(token, 'container_restart', args);
    expect((await world.harness.pending())[0]?.preview.summary).toContain('show the plan, and do nothing');
    await approve();
    expect((await asking).isError).toBe(false);
    expect(world.runs().filter((run) => run.includes('restart'))).toEqual([]);
  });

  it('F94: for a target that this version does not reach there is a plan, and no call', async () => {
    await open();
    world.target('web-1', { type: 'ssh' });
    const token = await world.token({ targets: ['web-1'] });
    const plan = await world.call(token, 'container_restart', { container: 'web', target: 'web-1', dry_run: true });
    expect(plan.text).toContain('cannot be reached by this version');
    const real = await world.call(token, 'container_restart', { container: 'web', target: 'web-1' });
    expect(world.ruleOf(real)).toBe('builtin:target');
    expect(world.runs()).toEqual([]);
  });

  it('F94: a tool without a dry run says so and does nothing', async () => {
    const token = await open();
    const reply = await world.call(token, 'file_write', { path: 'canary', content: 'x', dry_run: true });
    expect(reply.text).toContain('file_write has no dry run; nothing was done');
    expect(existsSync(join(world.folder, 'canary'))).toBe(false);
  });
});

describe('operations that look', () => {
  it('F33: list what is there, as data', async () => {
    const token = await open();
    expect(JSON.parse((await world.call(token, 'container_list', {})).text)).toEqual({ containers: [{ Names: 'web' }, { Names: 'db' }] });
    expect(JSON.parse((await world.call(token, 'active_connections', {})).text)).toEqual({
      connections: [{ protocol: 'tcp', state: 'ESTAB', local: '127.0.0.1:22', peer: '127.0.0.1:5000' }],
    });
    world.program('apt-get', `echo 'Inst libc6 [2.36-9] (2.36-10 Debian:12 [amd64])'`);
    expect(JSON.parse((await world.call(token, 'pending_updates', {})).text)).toEqual({
      count: 1,
      updates: [{ package: 'libc6', from: '2.36-9', to: '2.36-10' }],
    });
    expect((await world.call(token, 'file_operations', { action: 'read', path: 'containers' })).text).toContain('web');
    expect(world.ruleOf(await world.call(token, 'file_operations', { action: 'read', path: '/etc/passwd' }))).toBe('builtin:out-of-reach');
  });

  it('F69: reach only what the egress rules allow: no local address unasked, never the gateway’s own port', async () => {
    const { port, hits } = await listen((path) =>
      path === '/moved' ? { status: 302, headers: { location: '/' }, body: '' } : { status: 200, body: 'hello' },
    );
    const names = { 'ok.test': '127.0.0.1', 'other.test': '127.0.0.1' };
    let token = await open({ names, privateHosts: [`ok.test:${port.toString()}`] });
    const http = async (url: string) => {
      const asking = world.call(token, 'http_request_test', { url });
      await approve();
      return await asking;
    };
    for (const host of ['other.test', '127.0.0.1', 'localhost']) {
      const refused = await world.call(token, 'port_test', { host, port });
      expect(refused.isError).toBe(true);
      expect((await http(`http://${host}:${port.toString()}/`)).isError).toBe(true);
    }
    expect(hits).toEqual([]);
    expect((await world.call(token, 'port_test', { host: 'ok.test', port })).text).toContain('"open": true');
    const answer = await http(`http://ok.test:${port.toString()}/moved`);
    expect(answer.text).toContain('"status": 302');
    expect((await http(`http://ok.test:${port.toString()}/?q=1`)).text).toContain('hello');
    expect(hits).toEqual(['/moved', '/?q=1']);
    expect((await world.call(token, 'dns_lookup', { host: 'ok.test' })).text).toContain('127.0.0.1');
    expect((await world.call(token, 'ping', { host: 'ok.test' })).text).toContain('-- 127.0.0.1');
    expect((await world.call(token, 'ping', { host: 'other.test' })).isError).toBe(true);
    expect(world.runs().filter((run) => run.startsWith('ping'))).toEqual(['ping|-n|-c|4|-w|20|--|127.0.0.1']);
    const events = (await world.harness.events()).map(({ type }) => type);
    expect(events).toEqual(expect.arrayContaining(['egress.connected', 'egress.refused']));
    // The same port once it is the gateway's.
    token = await open({ names, privateHosts: [`ok.test:${port.toString()}`], ownPorts: [port] });
    expect((await world.call(token, 'port_test', { host: 'ok.test', port })).text).toContain('port of the gateway');
    expect((await http(`http://ok.test:${port.toString()}/`)).isError).toBe(true);
    expect(hits).toHaveLength(2);
  });
});
