import { z } from 'zod';
import { defineOperation, type Operation } from './operation.ts';
import { parseProcesses, parseStatus, parseUpdates } from './parse-system.ts';
import { PackageName, ServiceName } from './parameters.ts';

const nothing = z.strictObject({});

/** The machine itself, its services and its packages. */
export const systemOperations: readonly Operation[] = [
  defineOperation({
    name: 'system_status',
    title: 'System status',
    description: 'Load, uptime, memory and disks of the target.',
    scope: 'system:read',
    risk: 'low',
    parameters: nothing,
    summary: () => 'read the system’s status',
    changes: null,
    form: {
      kind: 'programs',
      root: false,
      engine: false,
      ways: {
        generic: [
          () => [
            ['uname', '-s', '-r', '-m', '-n'],
            ['cat', '/proc/loadavg', '/proc/uptime'],
            ['cat', '/proc/meminfo'],
            ['df', '-P', '-B1', '-x', 'tmpfs', '-x', 'devtmpfs', '-x', 'overlay'],
          ],
        ],
      },
      parse: parseStatus,
    },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'top_processes',
    title: 'Top processes',
    description: 'The processes that use most processor time or memory: their names, not their command lines, which may hold secrets.',
    scope: 'system:read',
    risk: 'low',
    parameters: z.strictObject({
      sort_by: z.enum(['cpu', 'memory']).default('cpu'),
      count: z.number().int().min(1).max(100).default(10),
    }),
    summary: ({ sort_by, count }) => `list the ${count.toString()} processes with most ${sort_by}`,
    changes: null,
    form: {
      kind: 'programs',
      root: false,
      engine: false,
      ways: {
        generic: [
          ({ sort_by }) => [['ps', '-e', '-o', 'pid=,user:32=,pcpu=,pmem=,rss=,comm=', `--sort=${sort_by === 'cpu' ? '-pcpu' : '-rss'}`]],
        ],
      },
      parse: parseProcesses,
    },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'pending_updates',
    title: 'Pending updates',
    description: 'System packages for which the target knows a newer version. It asks no server for news.',
    scope: 'system:read',
    risk: 'low',
    parameters: nothing,
    summary: () => 'list pending updates',
    changes: null,
    form: {
      kind: 'programs',
      root: false,
      engine: false,
      ways: { debian: [() => [['apt-get', '--simulate', '--quiet', '--quiet', '-o', 'Debug::NoLocking=true', 'upgrade']]] },
      parse: parseUpdates,
    },
    timeoutS: 60,
  }),
  defineOperation({
    name: 'service_status',
    title: 'Service status',
    description: 'What systemd says of one service.',
    scope: 'system:read',
    risk: 'low',
    parameters: z.strictObject({ service: ServiceName }),
    summary: ({ service }) => `read the status of the service ${service}`,
    changes: null,
    names: ({ service }) => [{ kind: 'service', name: service }],
    form: {
      kind: 'programs',
      root: false,
      engine: false,
      ways: {
        generic: [
          ({ service }) => [
            [
              'systemctl',
              'show',
              '--no-pager',
              '--property=Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID',
              `${service}.service`,
            ],
          ],
        ],
      },
    },
    timeoutS: 30,
  }),
  defineOperation({
    name: 'service_restart',
    title: 'Restart a service',
    description: 'Restarts one service with systemd. Needs root rights.',
    scope: 'system:write',
    risk: 'high',
    parameters: z.strictObject({ service: ServiceName }),
    summary: ({ service }) => `restart the service ${service}`,
    changes: ({ service }) => `The service ${service} would be stopped and started.`,
    names: ({ service }) => [{ kind: 'service', name: service }],
    form: {
      kind: 'programs',
      root: true,
      engine: false,
      ways: { generic: [({ service }) => [['systemctl', '--no-ask-password', 'restart', `${service}.service`]]] },
    },
    timeoutS: 120,
  }),
  defineOperation({
    name: 'install_package',
    title: 'Install a package',
    description: 'Installs one system package with what it depends on. Needs root rights. Always put to the operator.',
    scope: 'system:admin',
    risk: 'critical',
    parameters: z.strictObject({ package_name: PackageName }),
    summary: ({ package_name }) => `install the package ${package_name}`,
    changes: ({ package_name }) =>
      `The package ${package_name}, and what it depends on, would be installed; its scripts would run as root.`,
    names: ({ package_name }) => [{ kind: 'package', name: package_name }],
    form: {
      kind: 'programs',
      root: true,
      engine: false,
      ways: { debian: [({ package_name }) => [['apt-get', 'install', '--yes', '--no-install-recommends', '--', package_name]]] },
    },
    timeoutS: 900,
  }),
  defineOperation({
    name: 'update_system_packages',
    title: 'Update system packages',
    description: 'Installs the newer versions of all system packages. Needs root rights. Always put to the operator.',
    scope: 'system:admin',
    risk: 'critical',
    parameters: nothing,
    summary: () => 'update all system packages',
    changes: () =>
      'The lists of packages would be fetched, and every package with a newer version upgraded; their scripts would run as root.',
    form: {
      kind: 'programs',
      root: true,
      engine: false,
      ways: {
        debian: [
          () => [
            ['apt-get', 'update'],
            ['apt-get', 'upgrade', '--yes', '-o', 'Dpkg::Options::=--force-confold'],
          ],
        ],
      },
    },
    timeoutS: 1800,
  }),
];
