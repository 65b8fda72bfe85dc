/** What filters may know beside the place. Without a hint, they leave alone what it would decide. */
export interface FilterHints {
  readonly languageId?: string;
  readonly tabSize?: number;
  readonly insertSpaces?: boolean;
}
