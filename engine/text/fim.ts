import { UserError } from "../errors.ts";
import type { FimTokens, Tokenizer } from "./tokenizer.ts";

/** The text around the place to fill. Joined, prefix + middle + suffix are the file. */
export interface FimParts {
  /** Other files or parts of them, the most relevant last: it stands nearest, and is the last to be left out. */
  readonly context?: readonly { readonly path: string; readonly text: string }[];
  /** Names of the project and of this file; they show only beside context. */
  readonly repository?: string;
  readonly path?: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Head of the text to generate: what stands between prefix and cursor. */
  readonly middle: string;
}

// The middle is charged in steps, so that typing in a full budget does not move the cuts at each token:
// ids before the middle stay the same, and their state can be used again.
const MIDDLE_STEP = 32;

/**
 * Ids of a prompt of at most `budget` tokens in the layout
 *   <|repo_name|>NAME⏎ (<|file_sep|>PATH⏎TEXT)… <|file_sep|>PATH⏎   with context, where the model has these tokens
 *   <|fim_prefix|>prefix<|fim_suffix|>suffix<|fim_middle|>middle
 * No text in the parts becomes a control token. What exceeds the budget goes: context beyond a quarter of the room,
 * by whole files; the suffix beyond a quarter, at line ends from the right; then the prefix, at line starts from the
 * left. What one does not use is free for the others. The middle stays whole.
 */
export function fimPrompt(tokenizer: Tokenizer, parts: FimParts, budget: number): number[] {
  const { fim } = tokenizer;
  if (!fim) {
    throw new UserError("This model has no fill-in-the-middle tokens: choose a model that completes code.");
  }
  const middle = encode(tokenizer, parts.middle, budget);
  const least = middle.length + 3; // prefix, suffix and middle tokens
  if (least > budget) {
    throw new UserError(
      `The text just above the cursor needs more than the ${budget} tokens of the prompt: break its lines or choose a larger context.`,
    );
  }
  const charged = Math.min(Math.ceil(middle.length / MIDDLE_STEP) * MIDDLE_STEP + 3, budget);
  const room = budget - charged;

  const chunks = contextChunks(tokenizer, fim, parts, room);
  const first = fitContext(chunks, Math.min(Math.floor(budget / 4), room)).length;
  const file = fitFile(tokenizer, parts, room - first, Math.floor((budget - first) / 4));
  const context = fitContext(chunks, room - file.prefix.length - file.suffix.length);

  return [...context, fim.prefix, ...file.prefix, fim.suffix, ...file.suffix, fim.middle, ...middle];
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

/** Prefix and suffix in `room` tokens. What the prefix leaves of them is the suffix's, at least its share. */
function fitFile(tokenizer: Tokenizer, parts: FimParts, room: number, suffixShare: number) {
  const short = keepHead(tokenizer, parts.suffix, Math.min(suffixShare, room));
  const prefix = keepTail(tokenizer, parts.prefix, room - short.length);
  const suffix = keepHead(tokenizer, parts.suffix, room - prefix.length);
  return { prefix, suffix };
}

/** As many of the last lines as fit. */
function keepTail(tokenizer: Tokenizer, text: string, room: number): number[] {
  let start = text.length;
  for (let left = room; start > 0; ) {
    const lineStart = start < 2 ? 0 : text.lastIndexOf("\n", start - 2) + 1;
    left -= encode(tokenizer, text.slice(lineStart, start), left).length;
    if (left < 0) break;
    start = lineStart;
  }
  // Lines together need not make the ids that they make one by one.
  for (;;) {
    const ids = encode(tokenizer, text.slice(start));
    if (ids.length <= room) return ids;
    start = lineEnd(text, start);
  }
}

/** As many of the first lines as fit. */
function keepHead(tokenizer: Tokenizer, text: string, room: number): number[] {
  let end = 0;
  for (let left = room; end < text.length; ) {
    const next = lineEnd(text, end);
    left -= encode(tokenizer, text.slice(end, next), left).length;
    if (left < 0) break;
    end = next;
  }
  for (;;) {
    const ids = encode(tokenizer, text.slice(0, end));
    if (ids.length <= room) return ids;
    end = end < 2 ? 0 : text.lastIndexOf("\n", end - 2) + 1;
  }
}

/** The index after the line that holds `start`, its line break included. */
function lineEnd(text: string, start: number): number {
  const newline = text.indexOf("\n", start);
  return newline < 0 ? text.length : newline + 1;
}

function encode(tokenizer: Tokenizer, text: string, limit = Number.POSITIVE_INFINITY): number[] {
  return tokenizer.encode(text, { special: false, limit });
}
