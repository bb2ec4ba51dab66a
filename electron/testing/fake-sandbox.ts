import type { SandboxStatus } from '../../shared/domain/host.ts';
import { AppError } from '../../shared/errors.ts';
import type { Sandbox, SandboxCommand, SandboxResult } from '../core/ports/sandbox.ts';

/** A sandbox that runs nothing: it remembers what it was asked to run and answers as told. */
export interface FakeSandbox extends Sandbox {
  probe(): Promise<SandboxStatus>;
  status(): SandboxStatus;
  readonly commands: readonly SandboxCommand[];
  /** What the next commands give; `hang` waits for the abort. */
  answer(result: Partial<SandboxResult> | 'hang'): void;
  /** Makes the next probe, and so every command, fail. */
  breakDown(detail: string): void;
}

export const createFakeSandbox = (): FakeSandbox => {
  const commands: SandboxCommand[] = [];
  let next: Partial<SandboxResult> | 'hang' = {};
  let broken: string | null = null;
  const working: SandboxStatus = {
    mode: 'always',
    effective: 'bubblewrap',
    version: '0.0.0',
    detail: 'a fake that runs nothing',
    fix: null,
    attempts: [],
    reason_for_downgrade: null,
    layer: null,
    limits: null,
  };
  let status: SandboxStatus = working;
  const ending = new AbortController();
  const done = (over: Partial<SandboxResult>): SandboxResult => {
    const output = over.output ?? '';
    return { exit: { kind: 'exited', code: 0 }, output, outputBytes: Buffer.byteLength(output), truncated: false, durationMs: 1, ...over };
  };
  return {
    commands,
    answer: (result) => void (next = result),
    breakDown(detail) {
      broken = detail;
      status = { ...working, effective: 'refuse', version: null, detail, fix: 'mend it' };
    },
    async probe() {
      if (broken === null) status = working;
      return status;
    },
    status: () => status,
    async run(command, signal, { onOutput = () => undefined } = {}) {
      if (status.effective === 'refuse')
        throw new AppError('unavailable', `commands are refused because there is no working sandbox: ${status.detail}`);
      commands.push(command);
      const either = AbortSignal.any([signal, ending.signal]);
      if (next === 'hang' && !either.aborted)
        await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }));
      if (either.aborted || next === 'hang') return done({ exit: { kind: 'aborted' } });
      const result = done(next);
      if (result.output !== '') onOutput(result.output);
      return result;
    },
    async stop() {
      ending.abort();
      status = { ...working, effective: 'refuse', detail: 'the gateway is stopping' };
    },
  };
};
