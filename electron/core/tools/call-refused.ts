import { AppError } from '../../../shared/errors.ts';

/** A call that cannot be made as it stands, with the built-in rule that says so and what to do instead. */
export class CallRefused extends AppError {
  readonly rule: string;
  readonly nextStep: string;

  constructor(rule: string, reason: string, nextStep: string) {
    super('forbidden', reason);
    this.rule = rule;
    this.nextStep = nextStep;
  }
}
