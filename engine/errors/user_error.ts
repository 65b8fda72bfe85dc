/**
 * An error that the user can act on: one sentence that says what is wrong, with numbers, then what to do.
 * Whoever shows it prints `message` alone. Every other error is a bug or a broken device.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}
