import { z } from 'zod';
import { GrantDuration } from './grant.ts';
import { ApprovalMode, DeciderSettings } from './deciders.ts';
import { EgressPattern } from './egress-pattern.ts';
import { SandboxMode } from './sandbox.ts';

/**
 * Settings as `settings.json` in the data directory holds them (0600). Every key is described; unknown keys are refused.
 * Nested by section; the command line and the audit log name them with dots: `server.port`.
 */
export const Settings = z.strictObject({
  server: z
    .strictObject({
      port: z.number().int().min(1).max(65535).default(9876).describe('Port of the agents’ listener on 127.0.0.1.'),
      console_port: z.number().int().min(1).max(65535).default(9877).describe('Port of the browser console, used only without a display.'),
      allowed_origins: z
        .array(z.url())
        .max(20)
        .default([])
        .describe('Web origins that may call the agents’ listener. Empty: none; a request that carries an Origin header is refused.'),
    })
    .prefault({}),
  approvals: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether calls that policy asks about wait for a decision. Off, they run unasked; that must be acknowledged first.'),
      disabled_acknowledged: z
        .boolean()
        .default(false)
        .describe('Accepts that with approvals.enabled off every call that policy would ask about runs at once, critical ones too.'),
      mode: ApprovalMode.default('window').describe(
        'Who decides. window: you, here. webhook: only the outside decider. both: whoever answers first. both-required: a yes from each; a no ends it.',
      ),
      timeout_s: z
        .number()
        .int()
        .min(5)
        .max(285)
        .default(270)
        .describe('Seconds until a request that nobody answers is denied. Agents give up at 300.'),
      allow_for: GrantDuration.exclude(['always']).default('once').describe('How long a yes counts unless you choose otherwise.'),
      deny_for: GrantDuration.exclude(['always']).default('once').describe('How long a no counts unless you choose otherwise.'),
      grants_end_idle_min: z
        .number()
        .int()
        .min(1)
        .max(480)
        .default(15)
        .describe('Minutes without anybody at this machine after which every grant ends, where the desktop tells of that.'),
    })
    // SECURITY: nobody turns approval off by one word alone (F43).
    .refine((approvals) => approvals.enabled || approvals.disabled_acknowledged, {
      path: ['enabled'],
      message:
        'false means that every call which policy would ask about runs unasked. Acknowledge that first (gatehouse config set approvals.disabled_acknowledged true), then set it again',
    })
    .prefault({}),
  deciders: DeciderSettings.prefault({}),
  limits: z
    .strictObject({
      commands_per_s: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(50)
        .describe('Calls a second that an agent may make of bash, and of each file tool. What comes too soon is refused at once.'),
      commands_burst: z.number().int().min(1).max(100_000).default(200).describe('Calls of one such tool that may come at once.'),
      prompts_per_min: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .default(20)
        .describe('Requests to you that one agent may cause within a minute; further ones are refused at once.'),
    })
    .prefault({}),
  safety: z
    .strictObject({
      bash_sandbox: SandboxMode.default('auto').describe(
        'What commands run in. auto: bubblewrap, or where it does not work a short list of programs that only read. always: bubblewrap or nothing. ' +
          'off: no isolation at all, for a single trusted operator; it must be acknowledged first.',
      ),
      bash_sandbox_off_acknowledged: z
        .boolean()
        .default(false)
        .describe(
          'Accepts that with bash_sandbox off a command can do whatever you can: read your keys, change any file, reach the network.',
        ),
      private_hosts: z
        .array(EgressPattern)
        .max(100)
        .default([])
        .describe('Hosts of your own network that a sandbox profile which lists them may reach. Empty: only public addresses.'),
      bash_timeout_s: z
        .number()
        .int()
        .min(1)
        .max(600)
        .default(120)
        .describe('Seconds a command may run when the call names no time limit.'),
      output_limit_bytes: z
        .number()
        .int()
        .min(1024)
        .max(4_194_304)
        .default(262_144)
        .describe('Bytes of output that are kept and returned; the rest is read and dropped.'),
      undo_budget_mb: z
        .number()
        .int()
        .min(0)
        .max(1_048_576)
        .default(2048)
        .describe('MiB of earlier file contents that are kept for undo; the oldest are let go first.'),
    })
    // SECURITY: nobody turns isolation off by one word alone (F55).
    .refine((safety) => safety.bash_sandbox !== 'off' || safety.bash_sandbox_off_acknowledged, {
      path: ['bash_sandbox'],
      message:
        'off means that commands run as you, without any isolation. Acknowledge that first (gatehouse config set safety.bash_sandbox_off_acknowledged true), then set it again',
    })
    .prefault({}),
});
export type Settings = z.infer<typeof Settings>;
