import type { Capability, SandboxTrial } from '../../../shared/domain/host.ts';
import type { EffectiveSandbox } from '../../../shared/domain/sandbox.ts';

const says = {
  bubblewrap: { title: 'Commands run in bubblewrap', status: 'pass' },
  allowlist: { title: 'Only a short list of commands runs: there is no sandbox', status: 'warn' },
  none: { title: 'Commands run without any isolation', status: 'fail' },
  refuse: { title: 'Commands run in bubblewrap', status: 'fail' },
} as const satisfies Record<EffectiveSandbox, Pick<Capability, 'title' | 'status'>>;

/** The sandbox as a line of what this machine can enforce. Only bubblewrap is a pass. */
export const sandboxCapability = (trial: SandboxTrial & { readonly reason_for_downgrade?: string | null }): Capability => {
  const because = trial.effective === 'allowlist' ? (trial.reason_for_downgrade ?? null) : null;
  return {
    id: 'sandbox',
    ...says[trial.effective],
    evidence: because === null ? trial.detail : `${because}. Instead, ${trial.detail}`,
    fix: trial.fix,
  };
};
