/** `vscode.l10n`, as modules without `vscode` get it. */
export interface L10n {
  t(message: string, ...args: (string | number | boolean)[]): string;
}
