import { type Fault, sentenceOf } from "./fault.ts";

/**
 * An error that the user can act on. Its `message` is the fault's sentence and is shown alone.
 * Every other error is a bug or a broken device.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly fault: Fault;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(sentenceOf(fault), options);
    this.fault = fault;
  }
}

/** Whether an error says that a file is at fault: missing, damaged, or of no kind that runs. */
export const isFileFault = (error: unknown): error is UserError =>
  error instanceof UserError && /^(file|model)-/.test(error.fault.code);
