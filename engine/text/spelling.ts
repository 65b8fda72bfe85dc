/** How ordinary text, in which no special token is looked for, becomes ids, and how ordinary tokens are spelled. */
export interface Spelling {
  /**
   * Appends the ids of a text. Past `limit` ids in `out` it may stop. `begins`: before the text is nothing, or a control
   * token; SentencePiece writes a space there.
   */
  encode(text: string, out: number[], options: { readonly limit: number; readonly begins: boolean }): void;
  /** Length in UTF-16 units of the head whose ids no further typing can change, and are those of the head alone. */
  settledLength(text: string): number;
  /** The bytes of an ordinary token, from its text in the vocabulary. */
  bytesOf(text: string): Uint8Array;
}
