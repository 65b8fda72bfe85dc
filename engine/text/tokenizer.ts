import { UserError } from "../errors/index.ts";
import { textOfBytes } from "./alphabet.ts";
import { createByteLevel } from "./bpe.ts";
import { plainTemplate } from "./chat_template.ts";
import { createDetokenizer } from "./detokenizer.ts";
import { type FimTokens, findFim } from "./fim_spellings.ts";
import { createSentencePiece } from "./sentencepiece.ts";
import { TokenIds } from "./token_ids.ts";
import { TOKEN_TYPE, type VocabularySource } from "./vocabulary.ts";

export interface Tokenizer {
  /** Tokens in the vocabulary; also the rows of the LM head. */
  readonly size: number;
  /** Undefined where the model knows no fill in the middle. */
  readonly fim: FimTokens | undefined;
  /** End of generation: sampling one of these ends it. */
  readonly endIds: ReadonlySet<number>;
  /** Texts of the tokens that no text of the user may become, control tokens and the unknown one, longest first. */
  readonly controlTexts: readonly string[];
  /** Control and user-defined tokens, longest first: ids, and texts. */
  readonly specialIds: readonly number[];
  readonly specialTexts: readonly string[];
  /** Tokens without text (type "unused"), which pad a vocabulary. Those at its end are not loaded, so never sampled. */
  readonly unusedIds: readonly number[];
  /** Id that every prompt begins with; undefined where, as in most files, there is none. */
  readonly startId: number | undefined;
  /** Whether a text that begins a prompt, or follows a control token, is read with a space before it. */
  readonly spaceFirst: boolean;
  /** Jinja source; undefined where the model only completes. */
  readonly chatTemplate: string | undefined;
  /** Tokens that a chat template may name; "" where the file names none. */
  readonly bosText: string;
  readonly eosText: string;

  /**
   * Adds no token at the start or end. Vocabularies with `spaceFirst` get their space where the text `begins` a prompt or
   * follows a control token: by default with `special`. With `special`, texts of control tokens become these tokens: for templates only.
   * Without, they are ordinary text, and only user-defined tokens (`<think>`) are looked for, as llama.cpp does.
   * Past `limit` ids it may stop, having returned more than `limit`.
   * `guard` is dropped wherever it occurs; a control token's text with a guard in it is ordinary text.
   */
  encode(
    text: string,
    options: { special: boolean; limit?: number; guard?: string; begins?: boolean },
  ): number[];

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

// Texts that end a turn or a text in every vocabulary that has them, as in llama.cpp.
const END_TEXTS = [
  "<|endoftext|>",
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end|>",
  "<|end_of_text|>",
  "<end_of_turn>",
  "<end_of_utterance>",
  "<｜end▁of▁sentence｜>",
  "<EOT>",
  "_<EOT>",
  "[EOT]",
  "[EOS]",
  "</s>",
];
const THINK_TEXTS = ["<think>", "</think>"];

export function createTokenizer(source: VocabularySource): Tokenizer {
  const { tokens } = source;
  const size = tokens.length;
  const ids = new TokenIds(tokens);

  const fim = findFim(source.fimIds, ids, source.name ?? "");
  const endIds = new Set<number>(
    [...source.endIds, ...END_TEXTS.map((text) => ids.get(text)), ...fim.endIds].filter(
      (id) => id !== undefined,
    ),
  );

  const types = Uint8Array.from(source.types);
  // Control tokens do not show, and nothing could then tell thoughts from the answer.
  for (const id of THINK_TEXTS.map((text) => ids.get(text)))
    if (id !== undefined && types[id] === TOKEN_TYPE.control) types[id] = TOKEN_TYPE.userDefined;
  // Some files mark these as user-defined, which plain text could then spell.
  for (const id of [...endIds, ...fim.ids]) types[id] = TOKEN_TYPE.control;
  const unusedIds: number[] = [];
  for (let id = 0; id < size; id++) if (types[id] === TOKEN_TYPE.unused) unusedIds.push(id);

  const specials = findSpecials(tokens, types);
  const userDefined = specials.filter(({ id }) => types[id] === TOKEN_TYPE.userDefined);
  const spelling =
    source.kind === "llama" ? createSentencePiece(source, ids, types) : createByteLevel(source, ids);

  const check = (id: number) => {
    if (Number.isInteger(id) && id >= 0 && id < size) return;
    throw new UserError({
      code: "usage",
      problem: `There is no token ${id} in this model`,
      advice: `ids run from 0 to ${size - 1}`,
    });
  };

  /** An ordinary token's bytes in the byte alphabet; "" for other tokens. */
  const spelled = (id: number): string => {
    if (types[id] === TOKEN_TYPE.byte) return textOfBytes(byteOf(tokens[id]!));
    if (types[id] !== TOKEN_TYPE.normal) return "";
    return source.kind === "llama" ? textOfBytes(spelling.bytesOf(tokens[id]!)) : tokens[id]!;
  };
  let heads: ReadonlyMap<string, readonly number[]> | undefined;

  const tokenizer: Tokenizer = {
    size,
    fim: fim.tokens,
    endIds,
    specialIds: specials.map(({ id }) => id),
    specialTexts: specials.map(({ text }) => text),
    controlTexts: specials.filter(({ id }) => types[id] !== TOKEN_TYPE.userDefined).map(({ text }) => text),
    unusedIds,
    spaceFirst: source.kind === "llama" && source.addSpacePrefix !== false,
    startId: source.addBos ? source.bosId : undefined,
    chatTemplate: source.chatTemplate ?? plainTemplate(source, ids),
    bosText: tokens[source.bosId ?? -1] ?? "",
    eosText: tokens[source.eosId ?? -1] ?? "",

    encode(text, { special, limit = Number.POSITIVE_INFINITY, guard, begins = special }) {
      const out: number[] = [];
      for (const found of splitAtSpecials(text, special ? specials : userDefined)) {
        if (typeof found === "number") {
          out.push(found);
          continue;
        }
        const part = guard === undefined ? found : found.replaceAll(guard, "");
        if (part !== "" && out.length <= limit) spelling.encode(part, out, { limit, begins });
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
      let open = tail.length;
      for (const special of userDefined) open = Math.min(open, startOfPartial(tail, special.text));
      return text.length - tail.length + spelling.settledLength(tail.slice(0, open));
    },

    bytes(id, special = false) {
      check(id);
      switch (types[id]) {
        case TOKEN_TYPE.normal:
          return spelling.bytesOf(tokens[id]!);
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
      heads ??= byHead(size, spelled);
      const lists =
        wanted.length < 2
          ? headsFrom(heads, wanted)
          : [heads.get(wanted[0]!) ?? [], heads.get(wanted.slice(0, 2)) ?? []];
      const found: number[] = [];
      for (const list of lists)
        for (const id of list) {
          const own = spelled(id);
          if (own.startsWith(wanted) || wanted.startsWith(own)) found.push(id);
        }
      return found;
    },

    piece(id) {
      return tokenizer.decode([id], { special: true });
    },

    idOf: (text) => ids.get(text),
  };
  return tokenizer;
}

/** Ordinary tokens by their first two bytes; shorter ones by what they have. */
function byHead(size: number, spelled: (id: number) => string): ReadonlyMap<string, readonly number[]> {
  const heads = new Map<string, number[]>();
  for (let id = 0; id < size; id++) {
    const head = spelled(id).slice(0, 2);
    if (head === "") continue;
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

/** Where the longest unfinished `special` at the end of `text` starts, or text.length. */
function startOfPartial(text: string, special: string): number {
  for (let length = Math.min(special.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(special.slice(0, length))) return text.length - length;
  }
  return text.length;
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
