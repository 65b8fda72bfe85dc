import type { Random } from "../reference/random.ts";

/** Files by their names, as one model or record is made of. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** An input: files that somebody may hand us. */
export interface Input {
  readonly files: Files;
  /** The sound input that it was made of, by its place among the kind's. */
  readonly base: number;
  /** What was changed, in turn, for messages. */
  readonly changes: readonly string[];
  /** Whether the changes may make a sound input of another meaning, which nobody can tell from one that was meant. */
  readonly mayDiffer: boolean;
}

/** What became of an input: it was read, or refused with a sentence. */
export type Outcome = "read" | "refused";

/** One kind of what is read from files. */
export interface Kind {
  readonly name: string;
  /** Sound inputs, all of which are read. */
  readonly sound: readonly Input[];
  /** The same with one more change. */
  mutate(input: Input, random: Random): Input;
  /** @throws Error where the input is neither read rightly nor refused with a sentence */
  check(input: Input): Promise<Outcome>;
}

export const soundInput = (files: Files, base: number): Input => ({
  files,
  base,
  changes: [],
  mayDiffer: false,
});

/** The input with one file changed. */
export const changed = (
  input: Input,
  name: string,
  bytes: Uint8Array,
  what: string,
  mayDiffer = true,
): Input => ({
  ...input,
  files: { ...input.files, [name]: bytes },
  changes: [...input.changes, `${name}: ${what}`],
  mayDiffer: input.mayDiffer || mayDiffer,
});

/** Characters of a sentence, at most: names in it are cut before. */
const LONGEST = 1610;

/** @throws Error for what is no sentence with a problem and an advice, in one line without characters that act or hide */
export function requireSentence(sentence: string): void {
  const isOne = /^[^\n]+: [^\n]+\.$/.test(sentence) && isOneLine(sentence);
  if (!isOne) throw new Error(`no sentence: ${sentence.slice(0, 2 * LONGEST)}`);
  if (sentence.length > LONGEST)
    throw new Error(`a sentence of ${sentence.length} characters: ${sentence.slice(0, LONGEST)}`);
}

/** No character ends the line, acts on a terminal or turns the direction of what follows. */
export const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u.test(text);
