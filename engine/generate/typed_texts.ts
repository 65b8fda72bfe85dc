import type { PromptParts } from "../contract/index.ts";
import { type FimLayout, fimLayout, middleTokens, type Tokenizer } from "../text/index.ts";
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
  readonly layout: FimLayout;
  middle: { ids: number[]; drawn: boolean[]; base: number };
}

const remembered = 16; // texts: some documents, each before and after its anchor moved

/**
 * The texts that are being typed, and their tokens. A prompt whose text differs from an earlier one only in the middle has the
 * same tokens up to there, so generation can continue from its state.
 * @param budget tokens of a prompt, at most
 */
export function createTypedTexts(tokenizer: Tokenizer, budget: number) {
  const texts: TypedText[] = []; // the one used last is last

  function find(text: PromptParts): TypedText | undefined {
    const index = texts.findLastIndex((it) => isSame(it.text, text));
    return index < 0 ? undefined : texts.splice(index, 1)[0];
  }

  function layOut(text: PromptParts, known: TypedText | undefined): FimLayout {
    const { layout: earlier } = known ?? texts.findLast((it) => it.text.path === text.path) ?? {};
    return fimLayout(tokenizer, text, { budget, reserve: Math.floor(budget / 4), earlier, slack: 1 / 8 });
  }

  return {
    /**
     * The tokens of a prompt.
     * @throws UserError if the model has no fill-in-the-middle tokens, or the middle does not fit
     */
    at(text: PromptParts): TypedPrompt {
      const known = find(text);
      const { ids, drawn, base, unsettled } = middleTokens(tokenizer, text.middle, known?.middle);
      const fits = known && known.layout.ids.length + ids.length <= budget;
      const layout = fits ? known.layout : layOut(text, known);
      const middle = { ids: [...ids], drawn: [...drawn], base };
      texts.push({ text, layout, middle });
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
