import { z } from 'zod';

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
      timeout_s: z
        .number()
        .int()
        .min(5)
        .max(285)
        .default(270)
        .describe('Seconds until a request that nobody answers is denied. Agents give up at 300.'),
    })
    .prefault({}),
  safety: z
    .strictObject({
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
    .prefault({}),
});
export type Settings = z.infer<typeof Settings>;
