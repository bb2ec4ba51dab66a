import type { AuditEventType } from '../../shared/domain/audit.ts';
import type { SandboxStatus } from '../../shared/domain/host.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { ConfSettingsOptions } from '../adapters/settings/conf-settings.ts';
import type { ApprovalBroker } from '../core/approvals/approval-broker.ts';
import type { ServiceAddresses } from '../core/approvals/decider-config.ts';
import type { ChangeSets } from '../core/changes/change-sets.ts';
import type { ChangeBus } from '../core/change-bus.ts';
import type { LiveOutput } from '../core/live-output.ts';
import type { Desktop } from '../core/ports/desktop.ts';
import type { ConsoleLink } from '../operator/console.ts';
import type { Dispatcher } from '../operator/dispatcher.ts';

export interface GatehouseOptions {
  /** Absolute or relative; made with mode 0700 when missing. */
  readonly dataDir: string;
  readonly host: 'desktop' | 'headless';
  /** Instead of the settings’ `server.port` and `server.console_port`. */
  readonly port?: number | undefined;
  readonly consolePort?: number | undefined;
  /** The built pages; null serves no console. */
  readonly rendererDir: string | null;
  /** The shipped files: policy.default.yaml. */
  readonly resourcesDir: string;
  readonly version: string;
  /** The operator's file mode creation mask, for commands; the process itself has a stricter one. */
  readonly umask: number;
  readonly desktop: Desktop | null;
  readonly openSettingsStore?: ConfSettingsOptions['openStore'];
  /** Where Slack, Discord and PagerDuty are; tests have servers of their own. */
  readonly services?: ServiceAddresses;
  /** For the log on stderr. Never given a secret. */
  readonly log: (message: string, error?: unknown) => void;
}

/** What a host prints or shows once everything listens. */
export interface ReadyInfo {
  readonly mcp_url: string;
  readonly metrics_url: string | null;
  readonly console_url: string | null;
  readonly operator_socket: string;
  readonly data_dir: string;
  readonly sandbox: SandboxStatus;
}

export interface Gatehouse {
  /** Errors: AppError saying which step failed and what to do; what had been started is stopped again. */
  start(): Promise<ReadyInfo>;
  stop(): Promise<void>;
  readonly dispatcher: Dispatcher;
  readonly bus: ChangeBus;
  readonly live: LiveOutput;
  readonly broker: ApprovalBroker;
  readonly changes: Pick<ChangeSets, 'list'>;
  /** Another one-time link to the browser console; null on the desktop. */
  newConsoleLink(): ConsoleLink | null;
  /** What ends when the gateway quits. */
  summary(): Promise<{ readonly agents: readonly string[]; readonly waiting: number; readonly running: number }>;
  /** Writes an event of the host's own, such as a refused sender on IPC. */
  record(type: AuditEventType, data: JsonObject): Promise<void>;
}
