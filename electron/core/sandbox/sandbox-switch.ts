import type { SandboxStatus, SandboxTrial } from '../../../shared/domain/host.ts';
import { EffectiveSandbox, SandboxMode, type LayerStatus, type LimitsReport } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import type { Store } from '../ports/store.ts';

export interface SandboxSwitchDeps {
  /** `safety.bash_sandbox` as it is in force now. */
  readonly mode: () => SandboxMode;
  readonly bubblewrap: Sandbox;
  readonly allowlist: Sandbox;
  readonly bare: Sandbox;
  /** Null until they have been tried. */
  readonly layer: () => LayerStatus | null;
  readonly limits: () => LimitsReport | null;
  readonly store: Pick<Store, 'auditEvents'>;
  /** Puts a `sandbox.changed` event in the log, durably. */
  readonly record: (data: JsonObject) => Promise<void>;
  readonly bus: ChangeBus;
  /** Told of a change that could not be recorded, or of a trial that broke. */
  readonly onError: (error: unknown) => void;
}

/** The `Sandbox` that everybody uses: which of the real ones runs a command is decided anew at each call. */
export interface SandboxSwitch extends Sandbox {
  probe(): Promise<SandboxStatus>;
  status(): SandboxStatus;
}

/** What the log knows of the last change. */
interface Recorded {
  readonly mode: SandboxMode;
  readonly effective: EffectiveSandbox;
}

interface Choice {
  readonly sandbox: Sandbox;
  readonly trial: SandboxTrial;
  readonly downgrade: string | null;
}

/**
 * Chooses by the mode and by what works here: auto takes bubblewrap, else the allowlist; always takes bubblewrap or refuses; off runs bare.
 * SECURITY: nothing runs in another sandbox than the log says (rule 19): a change is recorded before the first command that it applies to.
 */
export const createSandboxSwitch = ({ mode, bubblewrap, allowlist, bare, ...deps }: SandboxSwitchDeps): SandboxSwitch => {
  /** Undefined: not read from the log yet; null: the log knows of none. */
  let recorded: Recorded | null | undefined;
  let settled: Promise<void> = Promise.resolve();
  let probing: Promise<SandboxStatus> | null = null;
  let unsubscribe: (() => void) | null = null;
  let isStopped = false;

  const choose = (): Choice => {
    const wrapped = bubblewrap.status();
    if (mode() === 'off') return { sandbox: bare, trial: bare.status(), downgrade: 'safety.bash_sandbox is off' };
    if (wrapped.effective === 'bubblewrap') return { sandbox: bubblewrap, trial: wrapped, downgrade: null };
    if (mode() === 'always') return { sandbox: bubblewrap, trial: wrapped, downgrade: wrapped.detail };
    const listed = allowlist.status();
    const { fix } = wrapped;
    const downgrade = `bubblewrap does not work here: ${wrapped.detail}`;
    const detail = listed.effective === 'allowlist' ? listed.detail : `${wrapped.detail}; and ${listed.detail}`;
    return { sandbox: allowlist, trial: { ...listed, detail, fix: fix ?? listed.fix, attempts: wrapped.attempts }, downgrade };
  };

  const status = (): SandboxStatus => {
    const { trial, downgrade } = choose();
    return { ...trial, mode: mode(), reason_for_downgrade: downgrade, layer: deps.layer(), limits: deps.limits() };
  };

  const isRecorded = (): boolean => {
    const { mode: asked, effective } = status();
    return recorded?.mode === asked && recorded.effective === effective;
  };

  const settleNow = async (): Promise<void> => {
    if (recorded === undefined) recorded = await lastRecorded(deps.store);
    if (isRecorded()) return;
    const before = recorded;
    const { mode: asked, effective, reason_for_downgrade } = status();
    // The first start of all in bubblewrap is what everybody expects, and `sandbox.probed` says it.
    if (before !== null || effective !== 'bubblewrap') {
      const reason = reason_for_downgrade ?? (before?.mode === asked ? 'bubblewrap works again' : `safety.bash_sandbox is ${asked}`);
      await deps.record({ before: before === null ? null : { ...before }, after: { mode: asked, effective }, reason });
    }
    recorded = { mode: asked, effective };
    deps.bus.changed('status');
  };

  /** One after the other, so that each change is recorded once. */
  const settle = async (): Promise<void> => {
    settled = settled.catch(() => undefined).then(settleNow);
    return settled;
  };

  const tryAll = async (): Promise<SandboxStatus> => {
    try {
      const { effective } = await bubblewrap.probe();
      if (effective !== 'bubblewrap' && mode() === 'auto') await allowlist.probe();
      if (!isStopped) await settle();
      return status();
    } finally {
      probing = null;
    }
  };

  const probe = async (): Promise<SandboxStatus> => {
    unsubscribe ??= deps.bus.subscribe((topic) => {
      if (topic === 'config') onSettings();
    });
    probing ??= tryAll();
    return probing;
  };

  const onSettings = (): void => {
    if (isStopped || recorded === undefined || recorded?.mode === mode()) return;
    // Another mode may need what has not been tried yet; until it has been, nothing runs in it.
    const needsTrial = mode() === 'auto' && choose().sandbox === allowlist;
    (needsTrial ? probe() : settle()).catch(deps.onError);
  };

  return {
    probe,
    status,
    async run(command, signal, events) {
      if (recorded !== undefined && !isRecorded()) await settle();
      const { sandbox, trial } = choose();
      if (trial.effective !== 'refuse' && !isRecorded())
        throw new AppError('unavailable', 'the sandbox changed at this very moment: call again');
      try {
        return await sandbox.run(command, signal, events);
      } catch (error) {
        // What has worked and does not any more is tried again, so that the status is true; this call has failed all the same.
        const hasBroken = trial.effective === 'bubblewrap' && error instanceof AppError && error.code === 'unavailable';
        if (hasBroken && !isStopped) probe().catch(deps.onError);
        throw error;
      }
    },
    async stop() {
      isStopped = true;
      unsubscribe?.();
      await probing?.catch(() => undefined);
      await settled.catch(() => undefined);
      for (const sandbox of [bubblewrap, allowlist, bare]) await sandbox.stop();
    },
  };
};

/** What commands ran in when the log last spoke of it, in this run or an earlier one. */
const lastRecorded = async (store: Pick<Store, 'auditEvents'>): Promise<Recorded | null> => {
  const [event] = await store.auditEvents({ types: ['sandbox.changed', 'sandbox.probed'], limit: 1 });
  const data = event?.type === 'sandbox.changed' ? event.data['after'] : event?.data;
  const { mode, effective } = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {};
  const known = [SandboxMode.safeParse(mode), EffectiveSandbox.safeParse(effective)] as const;
  return known[0].success && known[1].success ? { mode: known[0].data, effective: known[1].data } : null;
};
