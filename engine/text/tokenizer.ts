import { UserError } from "../errors/index.ts";
import { bytesOfText, textOfBytes } from "./alphabet.ts";
import { createBpe } from "./bpe.ts";
import { plainTemplate } from "./chat_template.ts";
import { createDetokenizer } from "./detokenizer.ts";
import { isWhiteSpace, type PreTokenizer, pieceEnd } from "./pieces.ts";
import { type FimRole, TOKEN_TYPE, type VocabularySource } from "./vocabulary.ts";

/** Ids of the tokens that lay out a fill-in-the-middle prompt. */
export type FimTokens = { readonly [role in "prefix" | "suffix" | "middle"]: number } & {
  readonly [role in FimRole]?: number;
};

export interface Tokenizer {
  /** Tokens in the vocabulary; also the rows of the LM head. */
  readonly size: number;
  /** Undefined where the model knows no fill in the middle. */
  readonly fim: FimTokens | undefined;
  /** End of generation: sampling one of these ends it. */
  readonly endIds: ReadonlySet<number>;
  /** Texts of the control tokens, longest first. */
  readonly controlTexts: readonly string[];
  /** Control and user-defined tokens, longest first: ids, and texts. */
  readonly specialIds: readonly number[];
  readonly specialTexts: readonly string[];
  /** Rows that pad the LM head (type "unused"). They have no text: sampling masks them. */
  readonly unusedIds: readonly number[];
  /** Id that every prompt begins with; undefined where, as in most files, there is none. */
  readonly startId: number | undefined;
  /** Jinja source; undefined where the model only completes. */
  readonly chatTemplate: string | undefined;
  /** Tokens that a chat template may name; "" where the file names none. */
  readonly bosText: string;
  readonly eosText: string;

  /**
   * Adds nothing at the start or end. With `special`, texts of control tokens become these tokens: for templates only.
   * Without, they are ordinary text, and only user-defined tokens (`<think>`) are looked for, as llama.cpp does.
   * Past `limit` ids it may stop, having returned more than `limit`.
   * `guard` is dropped wherever it occurs; a control token's text with a guard in it is ordinary text.
   */
  encode(text: string, options: { special: boolean; limit?: number; guard?: string }): number[];

  /** Text of a whole sequence; for a stream use `createDetokenizer`. */
  decode(ids: Iterable<number>, options?: { special?: boolean }): string;

  /**
   * Length in UTF-16 units of the part of `text` whose ids no further typing can change:
   * `encode(text + more)` starts with `encode(text.slice(0, settledLength(text)))`, specials not parsed.
   */
  settledLength(text: string): number;

  /** Bytes that a token adds to the output; none for unused tokens, and for control tokens unless `special`. */
  bytes(id: number, special?: boolean): Uint8Array;

  /** Ids of the ordinary tokens whose bytes begin with `bytes`, and of those with which `bytes` begin. */
  agreeing(bytes: Uint8Array): number[];

  /** One token for people: control tokens show, and a part of a UTF-8 sequence is U+FFFD. */
  piece(id: number): string;

  /** The token with this vocabulary text; ordinary tokens are written in the GPT-2 byte alphabet there. */
  idOf(text: string): number | undefined;
}

// Texts that mean the same in every Qwen vocabulary, though their ids differ (NETWORK.md 7.4), then those of StarCoder and
// DeepSeek, whose layouts some models were tuned for.
const FIM_TEXTS: { readonly [role in FimRole]: readonly string[] } = {
  prefix: ["<|fim_prefix|>", "<fim_prefix>", "<fim-prefix>", "<｜fim▁begin｜>"],
  suffix: ["<|fim_suffix|>", "<fim_suffix>", "<fim-suffix>", "<｜fim▁hole｜>"],
  middle: ["<|fim_middle|>", "<fim_middle>", "<fim-middle>", "<｜fim▁end｜>"],
  pad: ["<|fim_pad|>", "<fim_pad>", "<fim-pad>"],
  repository: ["<|repo_name|>", "<|fim_repo|>", "<fim-repo>", "<reponame>"],
  separator: ["<|file_sep|>"],
};
const END_TEXTS = ["<|endoftext|>", "<|im_end|>"];
const THINK_TEXTS = ["<think>", "</think>"];

export function createTokenizer(source: VocabularySource): Tokenizer {
  const { pre, tokens, merges } = source;
  const size = tokens.length;
  const ids = new Map<string, number>();
  for (let id = 0; id < size; id++) ids.set(tokens[id]!, id);

  const fimIds = findFim(source, ids);
  const fimEnds = [fimIds.pad, fimIds.repository, fimIds.separator];
  const endIds = new Set<number>(
    [...source.endIds, ...END_TEXTS.map((text) => ids.get(text)), ...fimEnds].filter(
      (id) => id !== undefined,
    ),
  );

  const types = Uint8Array.from(source.types);
  // Control tokens do not show, and nothing could then tell thoughts from the answer.
  for (const id of THINK_TEXTS.map((text) => ids.get(text)))
    if (id !== undefined && types[id] === TOKEN_TYPE.control) types[id] = TOKEN_TYPE.userDefined;
  // Some files mark these as user-defined, which plain text could then spell.
  for (const id of [...endIds, ...Object.values(fimIds)]) types[id] = TOKEN_TYPE.control;
  const unusedIds: number[] = [];
  for (let id = 0; id < size; id++) if (types[id] === TOKEN_TYPE.unused) unusedIds.push(id);

  const specials = findSpecials(tokens, types);
  const userDefined = specials.filter(({ id }) => types[id] === TOKEN_TYPE.userDefined);
  const mergePiece = createBpe(ids, size, merges);

  const check = (id: number) => {
    if (Number.isInteger(id) && id >= 0 && id < size) return;
    throw new UserError({
      code: "usage",
      problem: `There is no token ${id} in this model`,
      advice: `ids run from 0 to ${size - 1}`,
    });
  };

  let heads: ReadonlyMap<string, readonly number[]> | undefined;

  const tokenizer: Tokenizer = {
    size,
    fim: isFim(fimIds) ? fimIds : undefined,
    endIds,
    specialIds: specials.map(({ id }) => id),
    specialTexts: specials.map(({ text }) => text),
    controlTexts: specials.filter(({ id }) => types[id] === TOKEN_TYPE.control).map(({ text }) => text),
    unusedIds,
    startId: source.addBos ? source.bosId : undefined,
    chatTemplate: source.chatTemplate ?? plainTemplate(source, ids),
    bosText: tokens[source.bosId ?? -1] ?? "",
    eosText: tokens[source.eosId ?? -1] ?? "",

    encode(text, { special, limit = Number.POSITIVE_INFINITY, guard }) {
      const out: number[] = [];
      for (const found of splitAtSpecials(text, special ? specials : userDefined)) {
        if (typeof found === "number") {
          out.push(found);
          continue;
        }
        const part = guard === undefined ? found : found.replaceAll(guard, "");
        for (let start = 0; start < part.length && out.length <= limit; ) {
          const end = pieceEnd(part, start, pre);
          mergePiece(part.slice(start, end), out);
          start = end;
        }
      }
      return out;
    },

    decode(sequence, options) {
      const detokenizer = createDetokenizer(tokenizer, options);
      return detokenizer.push(sequence) + detokenizer.flush();
    },

    settledLength(text) {
      const parts = splitAtSpecials(text, userDefined);
      const tail = parts[parts.length - 1] as string;
      const open = Math.min(tail.length, ...userDefined.map((special) => startOfPartial(tail, special.text)));
      return text.length - tail.length + settledPieces(tail.slice(0, open), pre);
    },

    bytes(id, special = false) {
      check(id);
      switch (types[id]) {
        case TOKEN_TYPE.normal:
          return bytesOfText(tokens[id]!);
        case TOKEN_TYPE.userDefined:
          return utf8.encode(tokens[id]!);
        case TOKEN_TYPE.control:
        case TOKEN_TYPE.unknown:
          return special ? utf8.encode(tokens[id]!) : NO_BYTES;
        case TOKEN_TYPE.byte:
          return byteOf(tokens[id]!);
        default:
          return NO_BYTES;
      }
    },

    agreeing(bytes) {
      const wanted = textOfBytes(bytes);
      const found: number[] = [];
      for (let length = 1; length < wanted.length; length++) {
        const id = ids.get(wanted.slice(0, length));
        if (id !== undefined && types[id] === TOKEN_TYPE.normal) found.push(id);
      }
      heads ??= byHead(tokens, types);
      for (const list of wanted.length < 2 ? headsFrom(heads, wanted) : [heads.get(wanted.slice(0, 2)) ?? []])
        for (const id of list) if (tokens[id]!.startsWith(wanted)) found.push(id);
      return found;
    },

    piece(id) {
      return tokenizer.decode([id], { special: true });
    },

    idOf: (text) => ids.get(text),
  };
  return tokenizer;
}

/** Ordinary tokens by their first two bytes, in the vocabulary's alphabet; shorter ones by what they have. */
function byHead(tokens: readonly string[], types: Uint8Array): ReadonlyMap<string, readonly number[]> {
  const heads = new Map<string, number[]>();
  for (let id = 0; id < tokens.length; id++) {
    if (types[id] !== TOKEN_TYPE.normal) continue;
    const head = tokens[id]!.slice(0, 2);
    const list = heads.get(head);
    if (list) list.push(id);
    else heads.set(head, [id]);
  }
  return heads;
}

function* headsFrom<T>(heads: ReadonlyMap<string, T>, first: string): Generator<T> {
  for (const [head, list] of heads) if (head.startsWith(first)) yield list;
}

const utf8 = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** The byte that a byte token, like `<0x0A>`, names; none where it is spelled otherwise. */
function byteOf(text: string): Uint8Array {
  const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
  return hex === undefined ? NO_BYTES : Uint8Array.of(Number.parseInt(hex, 16));
}

/** Where the pieces begin that more text may change: the last one, and white space, which its successor cuts. */
function settledPieces(text: string, pre: PreTokenizer): number {
  let settled = 0;
  let before = 0; // start of the piece before
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start, pre);
    if (!isWhiteSpace(text, start, end)) {
      // Without the last piece, a run of white space that was cut in two would be one piece.
      const cutRun =
        before > 0 && isWhiteSpace(text, before - 1, start) && !"\r\n".includes(text[before - 1]!);
      settled = end < text.length ? end : cutRun ? before : start;
    }
    before = start;
    start = end;
  }
  return settled;
}

/** Where the longest unfinished `special` at the end of `text` starts, or text.length. */
function startOfPartial(text: string, special: string): number {
  for (let length = Math.min(special.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(special.slice(0, length))) return text.length - length;
  }
  return text.length;
}

type FimIds = { -readonly [role in FimRole]?: number };

function findFim(source: VocabularySource, ids: ReadonlyMap<string, number>): FimIds {
  const found: FimIds = {};
  for (const role of Object.keys(FIM_TEXTS) as FimRole[]) {
    const text = FIM_TEXTS[role].find((candidate) => ids.has(candidate));
    const id = source.fimIds[role] ?? (text === undefined ? undefined : ids.get(text));
    if (id !== undefined) found[role] = id;
  }
  return found;
}

function isFim(ids: FimIds): ids is FimTokens {
  return ids.prefix !== undefined && ids.suffix !== undefined && ids.middle !== undefined;
}

interface Special {
  readonly id: number;
  readonly text: string;
}

/** Longest text first: that is the order in which they are matched. */
function findSpecials(tokens: readonly string[], types: Uint8Array): Special[] {
  const found: (Special & { length: number })[] = [];
  for (let id = 0; id < tokens.length; id++) {
    const type = types[id]!;
    const isSpecial =
      type === TOKEN_TYPE.unknown || type === TOKEN_TYPE.control || type === TOKEN_TYPE.userDefined;
    const text = tokens[id]!;
    if (isSpecial && text !== "") found.push({ id, text, length: Buffer.byteLength(text) });
  }
  return found.sort((a, b) => b.length - a.length);
}

/** Each special takes its places in what the longer ones left, over the whole text. */
function splitAtSpecials(text: string, specials: readonly Special[]): readonly (string | number)[] {
  let parts: (string | number)[] = [text];
  for (const special of specials) {
    if (!text.includes(special.text)) continue;
    parts = parts.flatMap((part) => {
      if (typeof part === "number") return [part];
      const [first, ...rest] = part.split(special.text);
      return [first!, ...rest.flatMap((fragment) => [special.id, fragment])];
    });
  }
  return parts;
}
