/** Turns ids into text as they come. One per sequence; feed it accepted tokens only, in order. */
export interface Detokenizer {
  /** The text that these ids complete. An unfinished UTF-8 sequence at the end waits for the next call. */
  push(ids: Iterable<number>): string;
  /** What still waits, as U+FFFD. The detokenizer is then as new. */
  flush(): string;
}

/**
 * Control tokens are dropped unless `special`; user-defined ones (`<think>`) always show. The first `skip` bytes are
 * dropped too; the text must not begin within a character.
 */
export function createDetokenizer(
  tokenizer: { bytes(id: number, special?: boolean): Uint8Array },
  { special = false, skip = 0 }: { special?: boolean; skip?: number } = {},
): Detokenizer {
  // A byte order mark that a model writes is text like any other.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push(ids) {
      let text = "";
      for (const id of ids) {
        const bytes = tokenizer.bytes(id, special);
        const from = Math.min(skip, bytes.length);
        skip -= from;
        text += decoder.decode(bytes.subarray(from), { stream: true });
      }
      return text;
    },
    flush: () => decoder.decode(),
  };
}
