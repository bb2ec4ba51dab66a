import { z } from 'zod';
import { defineOperation, type Argv, type Operation } from './operation.ts';
import { AddressRange, Port } from './parameters.ts';

const Rule = z.strictObject({
  action: z.enum(['allow', 'deny']),
  port: Port,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  source: AddressRange.optional().describe('From where; missing: from anywhere.'),
});
type Rule = z.output<typeof Rule>;

const text = ({ action, port, protocol, source }: Rule): string =>
  `${action} ${protocol} to port ${port.toString()}${source === undefined ? '' : ` from ${source}`}`;

const ufw = (rule: Rule, before: readonly string[]): Argv => [
  'ufw',
  ...before,
  rule.action,
  'proto',
  rule.protocol,
  'from',
  rule.source ?? 'any',
  'to',
  'any',
  'port',
  rule.port.toString(),
];

const iptables = ({ action, port, protocol, source }: Rule, verb: '--append' | '--delete'): Argv => [
  source?.includes(':') === true ? 'ip6tables' : 'iptables',
  '--wait',
  verb,
  'INPUT',
  ...(source === undefined ? [] : ['--source', source]),
  '--protocol',
  protocol,
  '--dport',
  port.toString(),
  '--jump',
  action === 'allow' ? 'ACCEPT' : 'DROP',
];

/** The target’s own packet filter. */
export const securityOperations: readonly Operation[] = [
  defineOperation({
    name: 'add_firewall_rule',
    title: 'Add a firewall rule',
    description: 'Allows or denies incoming connections to one port. Needs root rights. Always put to the operator.',
    scope: 'security:admin',
    risk: 'critical',
    parameters: Rule,
    summary: (rule) => `add the firewall rule: ${text(rule)}`,
    changes: (rule) => `The packet filter would ${text(rule)}.`,
    form: {
      kind: 'programs',
      root: true,
      engine: false,
      ways: { generic: [(rule) => [ufw(rule, [])], (rule) => [iptables(rule, '--append')]] },
    },
    timeoutS: 60,
  }),
  defineOperation({
    name: 'delete_firewall_rule',
    title: 'Delete a firewall rule',
    description: 'Deletes the rule that add_firewall_rule would add for the same arguments. Needs root rights. Always put to the operator.',
    scope: 'security:admin',
    risk: 'critical',
    parameters: Rule,
    summary: (rule) => `delete the firewall rule: ${text(rule)}`,
    changes: (rule) => `The packet filter would no longer ${text(rule)}.`,
    form: {
      kind: 'programs',
      root: true,
      engine: false,
      ways: { generic: [(rule) => [ufw(rule, ['--force', 'delete'])], (rule) => [iptables(rule, '--delete')]] },
    },
    timeoutS: 60,
  }),
];
