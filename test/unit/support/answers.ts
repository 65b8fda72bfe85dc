import type { Random } from "../../reference/random.ts";
import type { RealFile, RealPlace } from "./corpus.ts";

/** What a model may write at a place: the author's text, and what models are known to make of it. */
export type Mutation = (place: RealPlace, random: Random, other: RealFile) => string;

const INVISIBLE = [
  "\u200b",
  "\ufeff",
  "\u2060",
  "\u00ad",
  "\u202e",
  "\u061c",
  "\u200f",
  "\u{e0041}",
  "\ud83d",
];
const PROSE = [
  "Here is the completed code:\n",
  "It seems like you've posted an incomplete snippet. ",
  "Sure! ",
  "I'm sorry, but I can't help with that.",
];

const any = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;
const headOf = ({ typed }: RealPlace): string => typed.slice(typed.lastIndexOf("\n") + 1);

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "as it was": ({ truth }) => truth,
  "run on": ({ after }) => after,
  truncated: ({ truth }, random) => truth.slice(0, 1 + Math.floor(random() * truth.length)),
  twice: ({ truth }, random) => truth + any(["", " ", "\n"], random) + truth,
  "four times": ({ truth }) => Array(4).fill(truth).join("\n"),
  "with the line's head": (place) => headOf(place) + place.truth,
  "with a part of the line's head": (place, random) => {
    const head = headOf(place);
    return head.slice(Math.floor(random() * head.length)) + place.truth;
  },
  "with the line above": (place) => {
    const above =
      place.typed
        .slice(0, place.typed.length - headOf(place).length)
        .split("\n")
        .at(-2) ?? "";
    return `${above}\n${headOf(place)}${place.truth}`;
  },
  "with what follows": ({ truth, rest }, random) =>
    truth + rest.slice(0, 1 + Math.floor(random() * Math.min(200, rest.length))),
  "with more closers": ({ truth }, random) =>
    truth + any([")", "}", "]", ");", "\n}", "})", '"', "'"], random),
  "another file's": (_, random, { text }) => text.slice(Math.floor(random() * text.length)).slice(0, 300),
  "with a character that is not seen": ({ truth }, random) => {
    const at = Math.floor(random() * (truth.length + 1));
    return truth.slice(0, at) + any(INVISIBLE, random) + truth.slice(at);
  },
  "that begins with a mark": ({ truth }, random) =>
    any(["\u0301", "\u200d", "\ufe0f", "\u{1f3fd}"], random) + truth,
  "in a fence": ({ truth, file }) => `\`\`\`${file.languageId}\n${truth}\n\`\`\`\n`,
  "after prose": ({ truth }, random) => any(PROSE, random) + truth,
  "with another indentation": ({ truth }, random) =>
    truth.replace(/\n([ \t]*)/g, (_, white: string) => `\n${white}${any(["", " ", "\t", "    "], random)}`),
};
