import type { PromptParts } from "../contract/index.ts";
import {
  type FimLayout,
  fimLayout,
  middleRoom,
  middleStart,
  middleTokens,
  type Tokenizer,
  withMiddleFrom,
} from "../text/index.ts";
import type { Prompt } from "./prompt.ts";

/** The tokens of one prompt. */
export interface TypedPrompt {
  readonly prompt: Prompt;
  /** Typed bytes after them, which the model samples again under a mask. */
  readonly unsettled: Uint8Array;
  /** Notes a token that the model sampled after them. */
  drew(id: number): void;
}

interface TypedText {
  readonly text: PromptParts;
  /** The head of its middle that went to the prefix, because the middle had grown too long. */
  readonly moved: string;
  readonly layout: FimLayout;
  middle: { ids: number[]; drawn: boolean[]; base: number };
}

const remembered = 16; // texts: some documents, each before and after its anchor moved
const leastUnsettled = 4; // bytes: a character
const longWord = 64; // bytes: twice the longest names that people give

/**
 * The texts that are being typed, and their tokens. A prompt whose text differs from an earlier one only in the middle has the
 * same tokens up to there, so generation can continue from its state. Every prompt fits: a middle that grows beyond three
 * quarters of the budget is cut to half of that, so that the next keys only append again.
 * @param budget tokens of a prompt, at most
 */
export function createTypedTexts(tokenizer: Tokenizer, budget: number) {
  const texts: TypedText[] = []; // the one used last is last
  const most = Math.floor((middleRoom(tokenizer, budget) * 3) / 4);
  const wanted = most >> 1;
  const mostUnsettled = Math.max(leastUnsettled, Math.min(longWord, budget >> 3));

  function find(text: PromptParts): TypedText | undefined {
    const index = texts.findLastIndex((it) => isSame(it.text, text));
    return index < 0 ? undefined : texts.splice(index, 1)[0];
  }

  /** The middle from where it fits, with as many tokens of the known one as agree with it. */
  function cut(text: PromptParts, known: TypedText | undefined) {
    const start = known && text.middle.startsWith(known.moved) ? known.moved.length : 0;
    const last = known?.moved.length === start ? known.middle : undefined;
    const middle = middleTokens(tokenizer, text.middle.slice(start), last, mostUnsettled);
    if (middle.ids.length <= most) return { start, middle, isNew: last === undefined };
    const less = start + middleStart(tokenizer, text.middle.slice(start), { most: wanted, wanted });
    const shorter = middleTokens(tokenizer, text.middle.slice(less), undefined, mostUnsettled);
    return { start: less, middle: shorter, isNew: true };
  }

  function layOut(text: PromptParts, middle: number, known: TypedText | undefined): FimLayout {
    const { layout: earlier } = known ?? texts.findLast((it) => it.text.path === text.path) ?? {};
    return fimLayout(tokenizer, text, {
      budget,
      middle,
      reserve: Math.floor(budget / 4),
      earlier,
      slack: 1 / 8,
    });
  }

  return {
    /**
     * The tokens of a prompt.
     * @throws UserError if the model has no fill-in-the-middle tokens
     */
    at(text: PromptParts): TypedPrompt {
      const known = find(text);
      const { start, middle: typed, isNew } = cut(text, known);
      const { ids, drawn, base, unsettled } = typed;
      const fits = known && !isNew && known.layout.ids.length + ids.length <= budget;
      const layout = fits ? known.layout : layOut(withMiddleFrom(text, start), ids.length, known);
      const middle = { ids: [...ids], drawn: [...drawn], base };
      texts.push({ text, moved: text.middle.slice(0, start), layout, middle });
      if (texts.length > remembered) texts.shift();
      let passed = 0; // bytes sampled after the prompt's ids
      return {
        prompt: {
          ids: [...layout.ids, ...ids],
          base: layout.ids.length - 1 + base, // a row path's token follows, whose logits the first sample needs
          landmarks: [layout.contextEnd, layout.ids.length],
          stem: layout.prefixEnd,
        },
        unsettled,
        drew(id) {
          passed += tokenizer.bytes(id).length;
          middle.ids.push(id);
          middle.drawn.push(passed > unsettled.length); // a token within the typed bytes counts as typed
        },
      };
    },
  };
}

const isSame = (a: PromptParts, b: PromptParts): boolean =>
  a.path === b.path &&
  a.prefix === b.prefix &&
  a.suffix === b.suffix &&
  a.context.length === b.context.length &&
  a.context.every(({ path, text }, i) => path === b.context[i]!.path && text === b.context[i]!.text);
