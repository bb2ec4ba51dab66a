import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { contract, type OperationName, type WireResult } from '../../shared/contract/contract.ts';
import type { Operation } from '../../shared/contract/operation.ts';
import { encodeForDisplay } from '../../shared/display-encoder.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { Caller, OperatorLog } from './caller.ts';
import type { Handlers } from './handler.ts';

export interface DispatcherDeps {
  readonly handlers: Handlers;
  /** Whether the command line may decide, mint, grant and loosen: headless, or by leave of the window (THREATS rule 21). */
  readonly socketMayDecide: () => boolean;
  /** Told of every call that was refused for its name or its power. `name` is untrusted and at most 100 characters. */
  readonly onRefused: (name: string, channel: Caller['channel'], code: ErrorCode) => void;
  readonly log: OperatorLog;
}

export interface Dispatcher {
  /** Never throws: whatever goes wrong is in the answer. */
  dispatch(name: unknown, input: unknown, caller: Caller): Promise<WireResult>;
}

type AnyHandler = (input: unknown, caller: Caller) => Promise<unknown>;

const shownIssues = 5;
const shownNameLength = 100;

/** The one door to the operator plane, whichever mount a call comes through: name, power, input, handler, output. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const refuse = (name: unknown, caller: Caller, error: AppError): AppError => {
    deps.onRefused(typeof name === 'string' ? name.slice(0, shownNameLength) : typeof name, caller.channel, error.code);
    return error;
  };

  const run = async (name: unknown, input: unknown, caller: Caller): Promise<unknown> => {
    if (!isOperationName(name)) throw refuse(name, caller, new AppError('not_found', `There is no operation ${showName(name)}.`));
    const operation: Operation = contract[name];
    const forbidden = whyForbidden(operation, caller, deps.socketMayDecide);
    if (forbidden !== null) throw refuse(name, caller, new AppError('forbidden', forbidden));
    const parsed = operation.input.safeParse(input);
    if (!parsed.success) throw new AppError('invalid_input', `${name}: ${describeIssues(parsed.error)}.`);
    const handler = deps.handlers[name] as AnyHandler;
    return operation.output.parse(await handler(parsed.data, caller));
  };

  return {
    async dispatch(name, input, caller) {
      try {
        return { ok: true, value: await run(name, input, caller) };
      } catch (error) {
        if (error instanceof AppError && error.code !== 'internal')
          return { ok: false, error: { code: error.code, message: error.message } };
        const reference = randomBytes(6).toString('hex');
        deps.log.error({ reference, operation: showName(name), error }, 'an operator call failed');
        const message = `Something went wrong inside Gatehouse. Its log names the cause under reference ${reference}.`;
        return { ok: false, error: { code: 'internal', message } };
      }
    },
  };
}

/** SECURITY: own properties only, so that `constructor` and `__proto__` are names like any other unknown one. */
function isOperationName(name: unknown): name is OperationName {
  return typeof name === 'string' && Object.hasOwn(contract, name);
}

function whyForbidden(operation: Operation, caller: Caller, socketMayDecide: () => boolean): string | null {
  switch (operation.power) {
    case 'read':
      return null;
    case 'shell':
      return caller.channel === 'window' ? null : 'Only the Gatehouse window itself can do this.';
    case 'decide':
      // SECURITY: anything but a plain true is a no (THREATS rules 6 and 21).
      if (caller.channel !== 'command-line' || (socketMayDecide() as unknown) === true) return null;
      return 'The command line may not decide, mint or change settings while the window is open. Do it in the window, or allow it there until quit: Settings → Command line.';
  }
}

function describeIssues(error: z.ZodError): string {
  const shown = error.issues.slice(0, shownIssues).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const more = error.issues.length - shown.length;
  return encodeForDisplay(shown.join('; ').slice(0, 1000)) + (more > 0 ? `; and ${more} more` : '');
}

function showName(name: unknown): string {
  return typeof name === 'string' ? encodeForDisplay(JSON.stringify(name.slice(0, shownNameLength))) : `of type ${typeof name}`;
}
