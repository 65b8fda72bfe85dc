import { UserError } from "../errors/index.ts";
import { encodeText as encode, firstCharacters, firstLines, lastCharacters, lastLines } from "./cuts.ts";
import type { FimTokens } from "./fim_spellings.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The text around the place to fill. Joined, prefix + middle + suffix are the file. */
export interface FimParts {
  /** Other files or parts of them, the most relevant last: it is nearest, and is the last to be left out. */
  readonly context?: readonly { readonly path: string; readonly text: string }[];
  /** Names of the project and of this file; they show only beside context. */
  readonly repository?: string;
  readonly path?: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Head of the text to generate: the text between prefix and cursor. */
  readonly middle: string;
}

/** The ids of a prompt up to its middle, and where in them the text may be cut. */
export interface FimLayout {
  readonly ids: readonly number[];
  /** Ids before the prefix's token: the beginning of every prompt, and what other files gave. */
  readonly contextEnd: number;
  /** Ids up to the end of the prefix. */
  readonly prefixEnd: number;
  /** As much of the prefix as fits. */
  readonly prefix: string;
}

export interface FimOptions {
  /** Tokens of the whole prompt, at most. */
  readonly budget: number;
  /** Tokens of the middle. Default: as its text is encoded. */
  readonly middle?: number;
  /** Tokens that are kept free for a middle that grows. Default: up to the next multiple of 32. */
  readonly reserve?: number;
  /** A layout of the same file: where the prefix began there, it begins again if it can, so that prompts share their head. */
  readonly earlier?: FimLayout | undefined;
  /** Share of the prefix's room that is left free where the file is cut, so that the cut stays while the cursor goes down. */
  readonly slack?: number;
}

// The middle is charged in steps, so that typing in a full budget does not move the cuts at each token:
// ids before the middle stay the same, and their state can be used again.
const MIDDLE_STEP = 32;

/**
 * Ids of a prompt of at most `budget` tokens in the layout
 *   <|repo_name|>NAME⏎ (<|file_sep|>PATH⏎TEXT)… <|file_sep|>PATH⏎   with context, where the model has these tokens
 *   <|fim_prefix|>prefix<|fim_suffix|>suffix<|fim_middle|>middle
 * after the token that begins every prompt of the model, if there is one. Other models spell and order these tokens in
 * their own way (fim_spellings.ts).
 * No text in the parts becomes a control token. What exceeds the budget is dropped: context beyond a quarter of the room,
 * by whole files; the suffix beyond a quarter, at line ends from the right; then the prefix, at line starts from the
 * left; of a middle that does not fit alone, what is farthest from the cursor. The line next to the cursor is cut within
 * where it does not fit. What one does not use is free for the others.
 */
export function fimPrompt(tokenizer: Tokenizer, parts: FimParts, budget: number): number[] {
  const room = middleRoom(tokenizer, budget);
  const start = middleStart(tokenizer, parts.middle, { most: room, wanted: room });
  const fitting = withMiddleFrom(parts, start);
  return [...fimLayout(tokenizer, fitting, { budget }).ids, ...encode(tokenizer, fitting.middle)];
}

/** Tokens that a middle may have where a prompt has nothing else. */
export const middleRoom = (tokenizer: Tokenizer, budget: number): number =>
  Math.max(0, budget - fixedTokens(tokenizer));

// With a space before it, a word may have two tokens more.
const SPACE_TOKENS = 2;

/** What begins every prompt, the tokens of prefix, suffix and middle, and the prefix's own space. */
const fixedTokens = ({ startId, fim, spaceFirst }: Tokenizer): number =>
  (startId === undefined ? 2 : 3) + (fim?.middle === undefined ? 0 : 1) + (spaceFirst ? SPACE_TOKENS : 0);

/**
 * Where a middle begins that fits: at its start if it has at most `most` tokens; else at the line start from which it has
 * at most `wanted`, or within the cursor's own line where that has more. The text before belongs to the prefix then.
 */
export function middleStart(
  tokenizer: Tokenizer,
  middle: string,
  { most, wanted }: { readonly most: number; readonly wanted: number },
): number {
  if (encode(tokenizer, middle, most).length <= most) return 0;
  const start = lastLines(tokenizer, middle, wanted);
  if (start < middle.length || middle.endsWith("\n")) return start;
  const line = middle.slice(middle.lastIndexOf("\n") + 1);
  return middle.length - line.length + lastCharacters(tokenizer, line, wanted);
}

/** The same text with its middle cut at `start`. */
export const withMiddleFrom = <Parts extends FimParts>(parts: Parts, start: number): Parts =>
  start === 0
    ? parts
    : { ...parts, prefix: parts.prefix + parts.middle.slice(0, start), middle: parts.middle.slice(start) };

/**
 * The prompt without its middle, for a middle that fits (`middleStart`).
 * @throws UserError if the model has no fill-in-the-middle tokens, or the budget is less than these take
 */
export function fimLayout(
  tokenizer: Tokenizer,
  parts: FimParts,
  { budget, middle, reserve = 0, earlier, slack = 0 }: FimOptions,
): FimLayout {
  const { fim } = tokenizer;
  if (!fim) {
    throw new UserError({
      code: "model-role",
      problem: "This model has no fill-in-the-middle tokens",
      advice: "choose a model that completes code",
    });
  }
  const begin = tokenizer.startId === undefined ? [] : [tokenizer.startId];
  const fixed = fixedTokens(tokenizer);
  if (budget < fixed) {
    throw new UserError({
      code: "prompt-length",
      problem: `A prompt may have ${budget} tokens, and the layout alone takes ${fixed}`,
      advice: "choose a larger context",
    });
  }
  const own = middle ?? encode(tokenizer, parts.middle, budget).length;
  const step = Math.min(MIDDLE_STEP, Math.max(1, budget >> 3));
  const charged = Math.max(reserve, Math.ceil(own / step) * step) + fixed;
  const room = budget - Math.min(charged, budget);

  const chunks = contextChunks(tokenizer, fim, parts, room);
  const first = fitContext(chunks, Math.min(Math.floor(budget / 4), room)).length;
  const file = fitFile(tokenizer, parts, {
    room: room - first,
    suffixShare: Math.floor((budget - first) / 4),
    earlier,
    slack,
  });
  const context = fitContext(chunks, room - file.prefix.length - file.suffix.length);

  const above = [...begin, ...context];
  const prefix = [fim.prefix, ...file.prefix];
  const suffix = [fim.suffix, ...file.suffix];
  const head = fim.suffixFirst ? [...above, ...suffix, ...prefix] : [...above, ...prefix];
  const tail = [...(fim.suffixFirst ? [] : suffix), ...(fim.middle === undefined ? [] : [fim.middle])];
  return {
    ids: [...head, ...tail],
    contextEnd: above.length,
    prefixEnd: head.length,
    prefix: parts.prefix.slice(file.start),
  };
}

/** The header, then the files, then the name of this file; none where there is no context or no layout for it. */
function contextChunks(tokenizer: Tokenizer, fim: FimTokens, parts: FimParts, room: number): number[][] {
  const { separator, repository } = fim;
  if (!parts.context?.length || separator === undefined) return [];
  const name = (path: string) => [separator, ...encode(tokenizer, `${path}\n`)];
  const header =
    repository === undefined ? [] : [repository, ...encode(tokenizer, `${parts.repository ?? "project"}\n`)];
  const files = parts.context.map(({ path, text }) => [...name(path), ...encode(tokenizer, text, room)]);
  return [header, ...files, name(parts.path ?? "untitled")];
}

function fitContext(chunks: readonly number[][], room: number): number[] {
  if (chunks.length === 0) return [];
  const header = chunks[0]!;
  const here = chunks[chunks.length - 1]!;
  let left = room - header.length - here.length;
  const kept: number[][] = [];
  for (const file of chunks.slice(1, -1).reverse()) {
    if (file.length > left) continue;
    left -= file.length;
    kept.unshift(file);
  }
  return kept.length === 0 ? [] : [header, ...kept, here].flat();
}

interface Room {
  readonly room: number;
  readonly suffixShare: number;
  readonly earlier: FimLayout | undefined;
  readonly slack: number;
}

/** Prefix and suffix in `room` tokens. What the prefix leaves of them is the suffix's, at least its share. */
function fitFile(tokenizer: Tokenizer, parts: FimParts, { room, suffixShare, earlier, slack }: Room) {
  const short = keepHead(tokenizer, parts.suffix, Math.min(suffixShare, room));
  const prefixRoom = room - short.length;
  const { start, ids: prefix } =
    beginAsBefore(tokenizer, parts.prefix, earlier, prefixRoom) ??
    keepTail(tokenizer, parts.prefix, prefixRoom, slack);
  const suffix = keepHead(tokenizer, parts.suffix, Math.max(0, room - prefix.length)); // its space is extra
  return { start, prefix, suffix };
}

const RECOGNISED = 256; // characters by which a place in a file is found again

/** The prefix from where it began in an earlier prompt, if that place is found and leaves neither too much nor too little. */
function beginAsBefore(
  tokenizer: Tokenizer,
  text: string,
  earlier: FimLayout | undefined,
  room: number,
): { start: number; ids: number[] } | undefined {
  if (!earlier || earlier.prefix === "") return undefined;
  const start = text.indexOf(earlier.prefix.slice(0, RECOGNISED));
  if (start < 0 || (start > 0 && text[start - 1] !== "\n")) return undefined;
  const { length } = encode(tokenizer, text.slice(start), room);
  const tooShort = start > 0 && length < room / 2;
  return length > room || tooShort
    ? undefined
    : { start, ids: encodeAfterToken(tokenizer, text.slice(start)) };
}

/**
 * As many of the last lines as fit; of a text that does not fit whole, as many as leave the share `slack` free. Where not
 * even the last line does, its end.
 */
function keepTail(
  tokenizer: Tokenizer,
  text: string,
  room: number,
  slack: number,
): { start: number; ids: number[] } {
  if (slack > 0) {
    const { length } = encode(tokenizer, text, room);
    if (length <= room) return { start: 0, ids: encodeAfterToken(tokenizer, text) };
  }
  const fits = Math.floor(room * (1 - slack));
  let start = lastLines(tokenizer, text, fits);
  if (start === text.length && text !== "") {
    const line = text.slice(text.lastIndexOf("\n", text.length - 2) + 1);
    start -= line.length - lastCharacters(tokenizer, line, fits);
  }
  return { start, ids: encodeAfterToken(tokenizer, text.slice(start)) };
}

/** A text directly after its control token, where SentencePiece writes a space first. */
const encodeAfterToken = (tokenizer: Tokenizer, text: string): number[] =>
  tokenizer.encode(text, { special: false, begins: true });

/** As many of the first lines as fit; where not even the first does, its beginning. */
function keepHead(tokenizer: Tokenizer, text: string, room: number): number[] {
  const end = firstLines(tokenizer, text, room) || firstCharacters(tokenizer, text.split("\n", 1)[0]!, room);
  return encode(tokenizer, text.slice(0, end));
}
