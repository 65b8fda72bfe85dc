import type { PromptPiece } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { absentFrom } from "./chat.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The ids of a prompt that its caller laid out. */
export interface PiecedPrompt {
  readonly ids: readonly number[];
  /** For each steady place, how many ids are before it: ids that no change after that place can change. */
  readonly steady: readonly number[];
  /** The ids of a text as they would follow the prompt. */
  following(text: string): readonly number[];
}

/**
 * Joins pieces to a prompt, after the token that begins every prompt of the model. Texts that stand side by side are tokenised as one;
 * a special token's text in them is text.
 * @param steady indices of pieces
 * @throws UserError if the vocabulary lacks one of the tokens
 */
export function piecedPrompt(
  tokenizer: Tokenizer,
  pieces: readonly PromptPiece[],
  steady: readonly number[] = [],
): PiecedPrompt {
  const texts = pieces.filter((piece) => typeof piece === "string");
  const guard = absentFrom(texts.join(""));
  /** User-defined tokens would be found in text too: those that the layout uses are for the layout alone. */
  const own = new Set(pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.token])));
  const encode = (text: string, begins: boolean): number[] => {
    let guarded = text;
    for (const token of own) guarded = guarded.replaceAll(token, token[0] + guard + token.slice(1));
    return tokenizer.encode(guarded, { special: false, guard, begins });
  };

  const ids: number[] = tokenizer.startId === undefined ? [] : [tokenizer.startId];
  /** The text since the last special token, and where its ids begin. */
  let run = "";
  let start = ids.length;
  let begins = true;
  const places = new Map<
    number,
    { readonly start: number; readonly head: string; readonly begins: boolean }
  >();
  const close = (): void => {
    ids.push(...encode(run, begins));
    run = "";
  };
  for (const [i, piece] of pieces.entries()) {
    if (steady.includes(i)) places.set(i, { start, head: run, begins });
    if (typeof piece === "string") {
      run += piece;
      continue;
    }
    close();
    ids.push(specialId(tokenizer, piece.token));
    start = ids.length;
    begins = true;
  }
  const last = { run, start, begins };
  close();

  /** Ids before a place that no text after it can change: its last word may become another. */
  const settled = ({
    start: from,
    head,
    begins: first,
  }: {
    start: number;
    head: string;
    begins: boolean;
  }): number => {
    const before = encode(head.slice(0, tokenizer.settledLength(head)), first);
    return before.every((id, i) => id === ids[from + i]) ? from + before.length : from;
  };
  return {
    ids,
    steady: steady.map((i) => {
      const place = places.get(i);
      return place ? settled(place) : ids.length;
    }),
    following(text) {
      // A token that spans the prompt's end and the text would be another id than the model can write.
      const whole = encode(last.run + text, last.begins);
      const before = ids.slice(last.start);
      const joined = before.every((id, i) => id === whole[i]);
      return joined ? whole.slice(before.length) : encode(text, false);
    },
  };
}

/** @throws UserError if there is no such special token */
function specialId(tokenizer: Tokenizer, text: string): number {
  const id = tokenizer.idOf(text);
  if (id !== undefined && tokenizer.specialIds.includes(id)) return id;
  throw new UserError({
    code: "model-role",
    problem: `This model has no special token “${text}”, which the format of its edits needs`,
    advice: "choose a model for edits, or the format that this one was trained with",
  });
}
