import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { createTokenizer, TOKEN_TYPE, type Tokenizer } from "../../../engine/text/index.ts";
import { fuzzVocabularies } from "../../fixtures/text/fuzz_golden.ts";
import {
  ALPHABET,
  FIM_SPECIALS,
  miniVocabulary,
  random,
  randomText,
  synthetic,
} from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

interface Golden {
  text: string;
  ids: number[];
  special: number[];
}
const goldens: Golden[] = JSON.parse(
  readFileSync(new URL("../../fixtures/text/tokenizer-golden.json", import.meta.url), "utf8"),
);
const vocabulary = await miniVocabulary();
const mini = createTokenizer(vocabulary);
const fuzzed = Object.entries(await fuzzVocabularies()).map(
  ([name, source]) => [name, createTokenizer(source)] as const,
);
const plain = (tokenizer: Tokenizer, text: string) => tokenizer.encode(text, { special: false });

test("280 strings give the ids of llama.cpp, with special tokens parsed and not", () => {
  expect(goldens.length).toBe(280);
  for (const { text, ids, special } of goldens) {
    expect(plain(mini, text), JSON.stringify(text)).toEqual(ids);
    expect(mini.encode(text, { special: true }), JSON.stringify(text)).toEqual(special);
  }
});

test("decoding gives back what was encoded", () => {
  const seed = testSeed();
  const next = random(seed);
  for (let run = 0; run < 1000; run++) {
    const text = randomText(next, 60);
    expect(mini.decode(plain(mini, text)), `seed ${seed}`).toBe(text);
    expect(mini.decode(mini.encode(text, { special: true }), { special: true }), `seed ${seed}`).toBe(text);
  }
});

test("a lone surrogate is encoded as U+FFFD", () => {
  expect(plain(mini, "a\ud83db")).toEqual(plain(mini, "a\ufffdb"));
  expect(plain(mini, "\udc00")).toEqual(plain(mini, "\ufffd"));
});

describe("merges", () => {
  /** By definition: scan all pairs, merge the first of lowest rank, start over. */
  function reference(
    merges: readonly string[],
    idOf: (text: string) => number | undefined,
    piece: string,
  ): number[] {
    const symbols = [...new TextEncoder().encode(piece)].map((byte) => ALPHABET[byte]!);
    for (;;) {
      const ranks = symbols.slice(1).map((right, i) => merges.indexOf(`${symbols[i]} ${right}`));
      const found = ranks.filter((rank) => rank >= 0);
      if (found.length === 0) break;
      const at = ranks.indexOf(Math.min(...found));
      symbols.splice(at, 2, symbols[at]! + symbols[at + 1]!);
    }
    return symbols.flatMap((symbol) => {
      const id = idOf(symbol);
      return id !== undefined ? [id] : [...symbol].map((char) => idOf(char)!);
    });
  }

  test("the order is lowest rank first, then leftmost, for random tables with equal letters", () => {
    const seed = testSeed();
    const next = random(seed);
    for (let run = 0; run < 200; run++) {
      const texts = ["a", "b", "c"];
      const merges: string[] = [];
      for (let i = 0; i < 12; i++) {
        const [left, right] = [
          texts[Math.floor(next() * texts.length)]!,
          texts[Math.floor(next() * texts.length)]!,
        ];
        merges.push(`${left} ${right}`);
        texts.push(left + right);
      }
      // Every third table misses a token that its merges make.
      const missing = run % 3 === 0 ? texts[3 + Math.floor(next() * 12)] : undefined;
      const tokens = [...ALPHABET, ...new Set(texts.slice(3))].filter(
        (text) => text !== missing || text.length < 2,
      );
      const types = tokens.map(() => TOKEN_TYPE.normal);
      const tokenizer = createTokenizer({ pre: "qwen35", tokens, types, merges, endIds: [], fimIds: {} });
      const piece = Array.from({ length: 40 }, () => "abc"[Math.floor(next() * 3)]).join("");
      expect(plain(tokenizer, piece), `seed ${seed}, run ${run}: ${piece} ${merges}`).toEqual(
        reference(merges, tokenizer.idOf, piece),
      );
    }
  });

  test("a merge splits at its first space after the first character, and of equal merges the first counts", () => {
    const tokenizer = synthetic(["b c", "a b", "b c", "bc c"]);
    expect(plain(tokenizer, "abcc").map(tokenizer.piece)).toEqual(["a", "bcc"]);
  });

  // A merger that scans the whole piece for each merge would need some 10^11 steps here.
  const letters = Array.from({ length: 400_000 }, (_, i) => "etaoinshr"[(i * i + (i >> 3)) % 9]).join("");
  for (const [what, text] of Object.entries({
    spaces: " ".repeat(400_000),
    letters,
    signs: "=".repeat(400_000),
  })) {
    test(`one piece of 400,000 ${what} ends, and is exact`, () => {
      const ids = plain(mini, text);
      expect(mini.decode(ids)).toBe(text);
      if (what === "spaces") expect(new Set(ids.slice(0, -1)).size).toBe(1);
    });
  }

  test("the cache of pieces changes no id, also once it has been full", () => {
    const text = "const total = price * count; // naïve\n";
    const before = plain(mini, text);
    for (let i = 0; i < 40_000; i++)
      plain(mini, `x${i.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[+digit]!)}`);
    expect(plain(mini, text)).toEqual(before);
    const ids = plain(mini, text);
    ids.length = 0;
    expect(plain(mini, text)).toEqual(before);
  });
});

describe("special tokens", () => {
  const { normal, unknown, control, userDefined, unused } = TOKEN_TYPE;
  const tokenizer = synthetic(
    ["a b"],
    [
      ["<a", control],
      ["<a>", control],
      ["a><b", control],
      ["<u>", unknown],
      ["<think>", userDefined],
      ["[PAD9]", unused],
    ],
  );
  const shown = (text: string, special: boolean) => tokenizer.encode(text, { special }).map(tokenizer.piece);

  test("the longest text takes its places first, over the whole input", () => {
    expect(shown("<a><a", true)).toEqual(["<a>", "<a"]);
    expect(shown("<a><b", true)).toEqual(["<", "a><b"]);
  });
  test("unparsed, control and unknown tokens are ordinary text and user-defined ones still match", () => {
    expect(shown("<a><u><think>", false)).toEqual([..."<a><u>", "<think>"]);
    expect(shown("<u><think>", true)).toEqual(["<u>", "<think>"]);
  });
  test("unused tokens never match and have no text", () => {
    expect(shown("[PAD9]", true)).toEqual([..."[PAD9]"]);
    const id = tokenizer.idOf("[PAD9]")!;
    expect(tokenizer.unusedIds).toEqual([id]);
    expect(tokenizer.decode([id], { special: true })).toBe("");
  });
  test("text around a special token is split apart from it", () => {
    expect(shown("ab<think>ab", false)).toEqual(["ab", "<think>", "ab"]);
  });
  test("layout and end tokens that the file calls user-defined are control tokens all the same", () => {
    const odd = synthetic(
      [],
      FIM_SPECIALS.map(([text]) => [text, userDefined]),
    );
    expect(plain(odd, "<|fim_middle|><|endoftext|>").every((id) => id < 256)).toBe(true);
    expect(odd.decode([odd.fim!.middle!])).toBe("");
  });
  test("a guard keeps a control text apart and leaves no trace", () => {
    const guarded = tokenizer.encode("<\ufdd0a><a>", { special: true, guard: "\ufdd0" });
    expect(guarded.map(tokenizer.piece)).toEqual(["<", "a", ">", "<a>"]);
  });
  test("think tags that the file calls control tokens show all the same", () => {
    const odd = synthetic(
      [],
      [
        ["<think>", control],
        ["</think>", control],
      ],
    );
    expect(odd.decode(plain(odd, "<think>a</think>"))).toBe("<think>a</think>");
    expect(odd.controlTexts).toEqual([]);
  });
  test("types 1 and 6 are no special tokens, and a byte token is its byte", () => {
    const bytes = synthetic(
      [],
      [
        ["<0xC3>", TOKEN_TYPE.byte],
        ["<0xa9>", TOKEN_TYPE.byte],
        ["<0x1>", TOKEN_TYPE.byte],
        ["<n>", normal],
      ],
    );
    expect(bytes.encode("<0xC3><n>", { special: true }).map(bytes.piece)).toEqual([..."<0xC3><n>"]);
    expect(bytes.decode([256, 257, 258])).toBe("é");
  });
});

describe("named tokens", () => {
  test("the embedded model has the whole layout and stops on five tokens", () => {
    const id = (text: string) => mini.idOf(text)!;
    expect(mini.fim).toEqual({
      prefix: id("<|fim_prefix|>"),
      suffix: id("<|fim_suffix|>"),
      middle: id("<|fim_middle|>"),
      pad: id("<|fim_pad|>"),
      repository: id("<|repo_name|>"),
      separator: id("<|file_sep|>"),
    });
    const ends = ["<|endoftext|>", "<|im_end|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"];
    expect([...mini.endIds].sort()).toEqual(ends.map(id).sort());
    expect(mini.unusedIds).toEqual([]);
    expect(mini.chatTemplate).toBeUndefined();
  });
  test("ids that the file names win over texts", () => {
    const tokenizer = synthetic([], [...FIM_SPECIALS, ["<PRE>", TOKEN_TYPE.control]], {
      fimIds: { prefix: 260 },
      endIds: [7],
    });
    expect(tokenizer.fim).toEqual({ prefix: 260, suffix: 258, middle: 259 });
    expect([...tokenizer.endIds].sort()).toEqual([256, 7]);
  });
  for (const [family, texts] of Object.entries({
    starcoder: ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"],
    deepseek: ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"],
  })) {
    test(`the layout's tokens are found as ${family} spells them, behind Qwen's own`, () => {
      const specials = texts.map((text) => [text, TOKEN_TYPE.control] as const);
      expect(synthetic([], specials).fim).toEqual({ prefix: 256, suffix: 257, middle: 258 });
      expect(synthetic([], [...specials, ...FIM_SPECIALS]).fim).toEqual({
        prefix: 260,
        suffix: 261,
        middle: 262,
      });
    });
  }
  test("Qwen2.5-Coder's layout tokens, which its files call user-defined, are found, and five end generation", () => {
    const texts = [
      "<|endoftext|>",
      "<|im_end|>",
      "<|fim_prefix|>",
      "<|fim_middle|>",
      "<|fim_suffix|>",
      "<|fim_pad|>",
      "<|repo_name|>",
      "<|file_sep|>",
    ];
    const coder = synthetic(
      [],
      texts.map((text, i) => [text, i < 2 ? TOKEN_TYPE.control : TOKEN_TYPE.userDefined]),
      { pre: "qwen2", endIds: [257] },
    );
    expect(coder.fim).toEqual({
      prefix: 258,
      suffix: 260,
      middle: 259,
      pad: 261,
      repository: 262,
      separator: 263,
    });
    expect([...coder.endIds].sort()).toEqual([256, 257, 261, 262, 263]);
  });
  test("without one of the three layout tokens there is no fim", () => {
    expect(synthetic([], FIM_SPECIALS.slice(0, 3)).fim).toBeUndefined();
  });
});

test("ids out of range are the caller's mistake, with the range", () => {
  for (const id of [-1, 4096, 1.5, Number.NaN]) {
    expect(() => mini.decode([id])).toThrow(UserError);
    expect(() => mini.bytes(id)).toThrow(`There is no token ${id} in this model: ids run from 0 to 4095.`);
  }
});

test("past its limit encode returns more than the limit, and up to it everything", () => {
  const text = vocabulary.merges.slice(0, 300).join("\n");
  const whole = plain(mini, text);
  for (const limit of [0, 1, 50, whole.length - 1, whole.length]) {
    const ids = mini.encode(text, { special: false, limit });
    expect(ids).toEqual(whole.slice(0, ids.length));
    expect(ids.length).toBeGreaterThan(Math.min(limit, whole.length - 1));
  }
});

describe("settledLength", () => {
  const thinking = synthetic(
    ["Ġ Ġ", "a b"],
    [
      ["<think>", TOKEN_TYPE.userDefined],
      ["</th 1>", TOKEN_TYPE.userDefined],
    ],
  );
  const cases: readonly (readonly [string, string])[] = [
    ["", ""],
    ["foo", ""],
    ["foo bar", "foo"],
    ["foo(", "foo"],
    ["foo  ", "foo"],
    ["foo;\n  ", "foo;\n"],
    ["foo\n  ", "foo"],
    ["foo\n  x", "foo\n "],
    ["it's", "it"],
    ["a <think>b", "a <think>"],
    ["a </th ", "a"], // the start of a special token
    ["a\n\tb", "a\n"],
    ["a\n\t\tb", "a\n\t"],
    ["a\t\t(", "a\t"],
  ];
  for (const [text, settled] of cases) {
    test(`of ${JSON.stringify(text)} the head ${JSON.stringify(settled)} is settled`, () => {
      expect(text.slice(0, thinking.settledLength(text))).toBe(settled);
    });
  }
  test("a file may make every token a special one, more of them than a call has arguments", () => {
    const many = Array.from({ length: 200_000 }, (_, i): [string, number] => [
      `<${i}>`,
      TOKEN_TYPE.userDefined,
    ]);
    const tokenizer = synthetic([], many);
    expect(tokenizer.settledLength("foo bar")).toBe("foo".length);
    expect(tokenizer.settledLength("foo bar<19999")).toBe("foo".length);
  });
  for (const [name, tokenizer] of [["thinking", thinking] as const, ...fuzzed]) {
    test(`${name}: typing more never changes the settled ids`, () => {
      const seed = testSeed();
      const next = random(seed);
      for (let run = 0; run < 1000; run++) {
        const text = randomText(next, 20);
        const more = randomText(next, 6);
        const settled = plain(tokenizer, text.slice(0, tokenizer.settledLength(text)));
        const ids = plain(tokenizer, text + more);
        expect(ids.slice(0, settled.length), `seed ${seed}: ${JSON.stringify([text, more])}`).toEqual(
          settled,
        );
      }
    });
  }
});
