import type { Capability, SandboxStatus, SandboxTrial } from '../../../shared/domain/host.ts';
import type { EffectiveSandbox, LayerStatus } from '../../../shared/domain/sandbox.ts';
import type { ProfileProblem } from './sandbox-profiles.ts';

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

const layerStatus = { overlay: 'pass', fuse: 'warn', copy: 'warn', none: 'fail' } as const satisfies Record<
  LayerStatus['kind'],
  Capability['status']
>;

/** Where changes land first, and what holds commands to their limits. */
export const confinementCapabilities = ({ layer, limits }: Pick<SandboxStatus, 'layer' | 'limits'>): readonly Capability[] => [
  {
    id: 'layers',
    title: 'Changes land in a copy-on-write layer',
    status: layer === null ? 'unknown' : layerStatus[layer.kind],
    evidence: layer?.detail ?? 'Not tried yet.',
    fix: layer?.fix ?? null,
  },
  {
    id: 'limits',
    title: 'Commands are held to limits',
    status: limits === null ? 'unknown' : limits.mechanism === 'prlimit' || !limits.watchdog ? 'warn' : 'pass',
    evidence:
      limits === null
        ? 'Not tried yet.'
        : `${limits.detail} ${limits.watchdog ? 'A watchdog also adds up memory, processes and disk.' : 'The watchdog does not work here.'}`,
    fix: null,
  },
];

/** Which toolchains of the operator's commands see. */
export const toolchainCapability = (names: readonly string[]): Capability => ({
  id: 'toolchains',
  title: 'Toolchains under HOME are shown to commands, read-only',
  status: 'pass',
  evidence: names.length === 0 ? 'None was found.' : `${names.join(', ')}, without the files that hold their credentials.`,
  fix: null,
});

/** What is wrong with profiles of the operator's, by file and line; nothing where nothing is. */
export const profileCapabilities = (problems: readonly ProfileProblem[]): readonly Capability[] =>
  problems.length === 0
    ? []
    : [
        {
          id: 'profiles',
          title: 'Sandbox profiles can be used',
          status: 'fail',
          evidence: problems
            .map(({ file, line, message }) => `${file}${line === null ? '' : `:${line.toString()}`}: ${message}`)
            .join('; '),
          fix: 'Mend the file. Until then the last good version of it stays in force; where there was none, what names it is refused.',
        },
      ];
