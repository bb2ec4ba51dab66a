import type { OperationName, OutputOf, ParsedInputOf } from '../../shared/contract/contract.ts';
import type { Caller } from './caller.ts';

/** One operator operation: its parsed input in, its output out. Errors: AppError, or a bug. */
export type Handler<Name extends OperationName> = (input: ParsedInputOf<Name>, caller: Caller) => Promise<OutputOf<Name>>;

/** The part of the contract that one file serves. */
export type HandlersOf<Names extends OperationName> = { readonly [Name in Names]: Handler<Name> };

export type Handlers = HandlersOf<OperationName>;
