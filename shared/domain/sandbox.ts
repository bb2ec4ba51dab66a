import { z } from 'zod';
import { EgressPattern, isWithinPatterns } from './egress-pattern.ts';

/** `safety.bash_sandbox`: what is asked for. */
export const SandboxMode = z.enum(['auto', 'always', 'off']);
export type SandboxMode = z.infer<typeof SandboxMode>;

/** What commands really run in. `allowlist`: no namespaces, a short list of programs by argv; `none`: bare, acknowledged; `refuse`: nothing runs. */
export const EffectiveSandbox = z.enum(['bubblewrap', 'allowlist', 'none', 'refuse']);
export type EffectiveSandbox = z.infer<typeof EffectiveSandbox>;

export const ProfileName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use 1–64 lower-case letters, digits and dashes');

const megabytes = z.number().int().min(1).max(1_048_576);

/** What one command may use. Sizes in MiB. */
export const SandboxLimits = z.strictObject({
  cpu_s: z.number().int().min(1).max(86_400).default(3600).describe('Seconds of processor time of one process.'),
  cpu_percent: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(400)
    .describe('Of one processor, for all processes together, where cgroups allow it.'),
  memory_mb: megabytes.default(8192).describe('For all processes together where cgroups or the watchdog see them, else for each one.'),
  processes: z.number().int().min(1).max(100_000).default(512),
  open_files: z.number().int().min(16).max(1_048_576).default(4096).describe('Of one process.'),
  file_mb: megabytes.default(4096).describe('Size of one file.'),
  disk_mb: megabytes.default(8192).describe('What all files in the layer may take together.'),
  tmpfs_mb: megabytes.default(1024).describe('/tmp, which is kept in memory.'),
});
export type SandboxLimits = z.infer<typeof SandboxLimits>;

/** The hosts that commands of a profile reach. */
const ProfileNetwork = z
  .strictObject({
    domains: z.array(EgressPattern).min(1).max(200).describe('The only hosts that can be reached.'),
    intercept: z
      .array(EgressPattern)
      .max(200)
      .default([])
      .describe('Hosts among them whose TLS the gateway opens, so that each request is compared with the host that was asked for.'),
  })
  .superRefine(({ domains, intercept }, context) => {
    for (const [index, pattern] of intercept.entries())
      if (!isWithinPatterns(pattern, domains))
        context.addIssue({
          code: 'custom',
          path: ['intercept', index],
          message: `${pattern} is not within \`domains\`: list it there with the same port, or take it off \`intercept\``,
        });
  });

/** A named sandbox: what a command in it sees and may do. Files of this shape lie in resources/sandbox and in the data directory's `sandbox` folder. */
export const SandboxProfile = z.strictObject({
  name: ProfileName,
  description: z.string().min(1).max(500),
  workspace: z.enum(['write', 'read']).default('write').describe('`write`: into the copy-on-write layer, never into the real tree.'),
  reads: z
    .array(z.string().min(1))
    .max(50)
    .default([])
    .describe('Further folders and files of the host to show read-only; `~/` is the operator’s home.'),
  toolchains: z.boolean().default(true).describe('Show the toolchain folders found under HOME, read-only, without their credential files.'),
  home: z
    .enum(['cache', 'empty'])
    .default('cache')
    .describe('`cache`: a private HOME kept for each workspace; `empty`: a new one in memory each time.'),
  network: z
    .union([z.literal('none'), ProfileNetwork])
    .default('none')
    .describe('`none`, or the only hosts that can be reached, through the egress proxy, and those of them whose TLS is opened.'),
  local_sockets: z.boolean().default(false).describe('Whether commands may open Unix sockets.'),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  limits: SandboxLimits.prefault({}),
});
export type SandboxProfile = z.infer<typeof SandboxProfile>;

/** One escape that the preflight tried, and what came of it. */
export const SandboxAttempt = z.strictObject({
  id: z.string(),
  title: z.string().describe('What holds when the attempt fails.'),
  ok: z.boolean(),
  detail: z.string().describe('How far it got.'),
});
export type SandboxAttempt = z.infer<typeof SandboxAttempt>;

/** Which mechanism holds back what, on this machine. */
export const LimitsReport = z.strictObject({
  mechanism: z.enum(['systemd-scope', 'cgroup-v2', 'cgroup-v1', 'prlimit']),
  watchdog: z.boolean().describe('Whether total memory, processes and disk are also watched from outside.'),
  detail: z.string(),
});
export type LimitsReport = z.infer<typeof LimitsReport>;

/** How the copy-on-write layers are made here. */
export const LayerStatus = z.strictObject({
  kind: z.enum(['overlay', 'fuse', 'copy', 'none']),
  detail: z.string(),
  fix: z.string().nullable(),
});
export type LayerStatus = z.infer<typeof LayerStatus>;
