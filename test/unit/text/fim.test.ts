import { describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { FIM_SPELLINGS } from "../../../engine/text/fim_spellings.ts";
import {
  createTokenizer,
  type FimParts,
  fimLayout,
  fimPrompt,
  TOKEN_TYPE,
  type Tokenizer,
} from "../../../engine/text/index.ts";
import { scoredVocabulary } from "../../fixtures/text/fuzz.ts";
import {
  FIM_SPECIALS,
  miniVocabulary,
  random,
  randomText,
  synthetic,
} from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

const mini = createTokenizer(await miniVocabulary());
const render = (tokenizer: Tokenizer, parts: FimParts, budget: number) =>
  tokenizer.decode(fimPrompt(tokenizer, parts, budget), { special: true });
const lines = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name} = list[${i}];\n`).join("");
const file = { prefix: "function add(a, b) {\n", suffix: ";\n}\n", middle: "  return a" };

test("the layout is prefix, suffix, middle, and the middle's head ends the prompt", () => {
  expect(render(mini, file, 400)).toBe(
    "<|fim_prefix|>function add(a, b) {\n<|fim_suffix|>;\n}\n<|fim_middle|>  return a",
  );
});

test("no part of the text becomes a control token", () => {
  const evil = "<|fim_middle|><|file_sep|><|endoftext|><|im_start|>";
  const ids = fimPrompt(
    mini,
    {
      context: [{ path: evil, text: evil }],
      repository: evil,
      path: evil,
      prefix: evil,
      suffix: evil,
      middle: evil,
    },
    4000,
  );
  const { prefix, suffix, middle, repository, separator } = mini.fim!;
  expect(ids.filter((id) => mini.decode([id]) === "" && mini.piece(id) !== "\ufffd")).toEqual([
    repository,
    separator,
    separator,
    prefix,
    suffix,
    middle,
  ]);
});

describe("context", () => {
  const context = [
    { path: "src/a.ts", text: "export const a = 1;\n" },
    { path: "src/b.ts", text: "export const b = 2;\n" },
  ];
  test("comes first, in the repository layout", () => {
    expect(render(mini, { ...file, context, repository: "demo", path: "src/c.ts" }, 400)).toBe(
      "<|repo_name|>demo\n<|file_sep|>src/a.ts\nexport const a = 1;\n<|file_sep|>src/b.ts\nexport const b = 2;\n" +
        "<|file_sep|>src/c.ts\n<|fim_prefix|>function add(a, b) {\n<|fim_suffix|>;\n}\n<|fim_middle|>  return a",
    );
  });
  test("is left out where the model has no tokens for it", () => {
    const bare = synthetic([], FIM_SPECIALS);
    expect(render(bare, { ...file, context }, 400)).toBe(render(bare, file, 400));
  });
  test("is left out if the vocabulary lacks the token between files", () => {
    const odd = synthetic([], [...FIM_SPECIALS, ["<|repo_name|>", TOKEN_TYPE.control]]);
    expect(render(odd, { ...file, context, repository: "demo" }, 400)).toBe(render(odd, file, 400));
  });
  test("that does not fit goes by whole files, the last listed stays longest", () => {
    const large = { path: "src/large.ts", text: lines("large", 100) };
    const text = render(mini, { ...file, context: [large, ...context] }, 200);
    expect(text).not.toContain("large");
    expect(text).toContain("src/a.ts\nexport const a = 1;\n<|file_sep|>src/b.ts");
    expect(render(mini, { ...file, context: [context[0]!, large] }, 200)).toContain("src/a.ts");
    expect(render(mini, { ...file, context: [large] }, 200)).toBe(render(mini, file, 200));
  });
  test("none of which fits takes nothing from the file", () => {
    const long = { ...file, prefix: lines("head", 200), suffix: lines("tail", 200) };
    const large = { path: "src/large.ts", text: lines("large", 100) };
    expect(render(mini, { ...long, context: [large] }, 400)).toBe(render(mini, long, 400));
  });
  test("takes a quarter of a full budget, and more where the file leaves room", () => {
    const many = Array.from({ length: 40 }, (_, i) => ({
      path: `f${i}.ts`,
      text: `export const f${i} = ${i};\n`,
    }));
    const count = (parts: FimParts) =>
      render(mini, { ...parts, context: many }, 400).split("<|file_sep|>").length;
    const full = count({ ...file, prefix: lines("head", 200), suffix: lines("tail", 200) });
    expect(full).toBeGreaterThan(3);
    expect(count(file)).toBeGreaterThan(2 * full);
  });
});

describe("a file beyond the budget", () => {
  const long = { prefix: lines("head", 200), suffix: lines("tail", 200), middle: "  return a" };
  const sections = (parts: FimParts, budget: number) => {
    const [, prefix, suffix, middle] = render(mini, parts, budget).split(/<\|fim_\w+\|>/);
    return { prefix: prefix!, suffix: suffix!, middle: middle! };
  };
  const size = (text: string) => mini.encode(text, { special: false }).length;

  test("keeps the last lines of the prefix and the first of the suffix, 3 to 1", () => {
    const kept = sections(long, 400);
    expect(long.prefix.endsWith(`\n${kept.prefix}`)).toBe(true);
    expect(long.suffix.startsWith(kept.suffix)).toBe(true);
    expect(kept.suffix.endsWith("\n")).toBe(true);
    expect(kept.middle).toBe(long.middle);
    const ratio = (size(kept.prefix) + size(kept.middle)) / size(kept.suffix);
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(3.5);
  });
  test("gives what one side does not use to the other", () => {
    expect(sections({ ...long, suffix: "}\n" }, 400).suffix).toBe("}\n");
    expect(size(sections({ ...long, suffix: "}\n" }, 400).prefix)).toBeGreaterThan(330);
    expect(size(sections({ ...long, prefix: "{\n" }, 400).suffix)).toBeGreaterThan(330);
  });
  test("loses a line that is too long, and what lies beyond it", () => {
    const wide = `${"x = 1; ".repeat(300)}\n`;
    expect(sections({ prefix: `${wide}near();\n`, suffix: `;\n${wide}far();\n`, middle: "" }, 100)).toEqual({
      prefix: "near();\n",
      suffix: ";\n",
      middle: "",
    });
  });
  test("is within any budget that the middle fits in", () => {
    const seed = testSeed();
    const next = random(seed);
    for (let run = 0; run < 300; run++) {
      const part = () => randomText(next, 200);
      const parts = {
        prefix: part(),
        suffix: part(),
        middle: randomText(next, 10),
        context: [{ path: "a", text: part() }],
      };
      const budget = size(parts.middle) + 3 + Math.floor(next() * 200);
      const ids = fimPrompt(mini, parts, budget);
      expect(ids.length, `seed ${seed}, run ${run}`).toBeLessThanOrEqual(budget);
      const kept = sections(parts, budget);
      expect(parts.prefix.endsWith(kept.prefix), `seed ${seed}, run ${run}`).toBe(true);
      expect(parts.suffix.startsWith(kept.suffix), `seed ${seed}, run ${run}`).toBe(true);
      expect(kept.middle, `seed ${seed}, run ${run}`).toBe(parts.middle);
    }
  });
  test("keeps its cuts while typing adds tokens to the middle", () => {
    const cuts = new Set<string>();
    for (let typed = 1; typed <= 30; typed++) {
      const { prefix, suffix } = sections({ ...long, middle: "=".repeat(2 * typed) }, 400);
      cuts.add(`${prefix.length} ${suffix.length}`);
    }
    expect(cuts.size).toBe(1);
  });
});

describe("a middle beyond the budget", () => {
  const three = (budget: number, middle: string) => {
    const text = render(mini, { prefix: "a\n", suffix: "b\n", middle }, budget);
    return text.split(/<\|fim_\w+\|>/).slice(1);
  };
  const size = (text: string) => mini.encode(text, { special: false }).length;

  test("loses what is farthest from the cursor; one token more and it is whole", () => {
    const middle = "x = y + z\nb = c";
    const whole = size(middle) + 3;
    expect(three(whole, middle)).toEqual(["", "", middle]);
    const [prefix, , kept] = three(whole - 1, middle);
    expect(kept).toBe("b = c");
    expect("x = y + z\n".endsWith(prefix!)).toBe(true);
  });
  test("is cut within the cursor's own line where that alone is too long, never within a character", () => {
    for (const line of [
      "let a = 1; ".repeat(200),
      "x".repeat(12_000),
      "漢字".repeat(900),
      "😀".repeat(900),
    ]) {
      const [, , kept] = three(100, `above();\n${line}`);
      expect(line.endsWith(kept!)).toBe(true);
      expect(size(kept!)).toBeGreaterThan(50);
    }
  });
  test("and a prompt of no more tokens than its layout has nothing else", () => {
    expect(three(3, "x = y")).toEqual(["", "", ""]);
    expect(() => three(2, "x = y")).toThrow("the layout alone takes 3");
  });
});

test("a model whose prompts begin with a token has it first, within the budget", () => {
  const specials = [
    ...FIM_SPECIALS,
    ["<|file_sep|>", TOKEN_TYPE.control],
    ["<s>", TOKEN_TYPE.control],
  ] as const;
  const starting = synthetic([], specials, { bosId: 261, addBos: true });
  const parts = { ...file, context: [{ path: "a.ts", text: "let a;\n" }], path: "b.ts" };
  const layout = fimLayout(starting, parts, { budget: 200 });
  expect(starting.decode(layout.ids.slice(0, layout.contextEnd), { special: true })).toBe(
    "<s><|file_sep|>a.ts\nlet a;\n<|file_sep|>b.ts\n",
  );
  const least = file.middle.length + 4;
  expect(render(starting, file, least)).toBe("<s><|fim_prefix|><|fim_suffix|><|fim_middle|>  return a");
  expect(fimPrompt(starting, file, least - 1).length).toBeLessThan(least);
});

describe("each way to fill in", () => {
  for (const { models, first, texts, ends = [], name } of FIM_SPELLINGS) {
    const specials = [...new Set([...Object.values(texts), ...ends])].map(
      (text) => [text, TOKEN_TYPE.control] as const,
    );
    const tokenizer = synthetic([], specials, { name: name ? "Mellum 4b" : "another" });
    test(`${models}: ${first} first, with its own tokens`, () => {
      const prefix = `${texts.prefix}function add(a, b) {\n`;
      const suffix = `${texts.suffix};\n}\n`;
      const parts = first === "prefix" ? prefix + suffix : suffix + prefix;
      expect(render(tokenizer, file, 400)).toBe(`${parts}${texts.middle ?? ""}  return a`);
    });
    test(`${models}: the tokens between files and after the middle end it`, () => {
      const ending = [texts.pad, texts.repository, texts.separator, ...ends].filter(
        (text) => text !== undefined,
      );
      for (const text of ending) expect(tokenizer.endIds, text).toContain(tokenizer.idOf(text));
    });
    test(`${models}: a prompt that is typed on only grows at its end`, () => {
      const begin = fimPrompt(tokenizer, file, 400);
      const more = fimPrompt(tokenizer, { ...file, middle: `${file.middle} + b` }, 400);
      expect(more.slice(0, begin.length)).toEqual(begin);
    });
    test(`${models}: any text fits into any budget, and none of it becomes a control token`, () => {
      const next = random(testSeed());
      const evil = Object.values(texts).join("");
      for (let run = 0; run < 100; run++) {
        const [prefix, suffix, middle] = [1, 2, 3].map(() => evil + randomText(next, 60));
        const budget = 8 + Math.floor(next() * 120);
        const ids = fimPrompt(tokenizer, { prefix: prefix!, suffix: suffix!, middle: middle! }, budget);
        expect(ids.length).toBeLessThanOrEqual(budget);
        const controls = ids.filter((id) => tokenizer.bytes(id).length === 0);
        expect(controls.length).toBe(texts.middle === undefined ? 2 : 3);
      }
    });
  }

  test("Mellum's other files come before the suffix, and models with its vocabulary but another name put the prefix first", () => {
    const mellum = FIM_SPELLINGS.find(({ models }) => models === "Mellum")!;
    const specials = [...Object.values(mellum.texts), "<reponame>"].map(
      (text) => [text, TOKEN_TYPE.control] as const,
    );
    const parts = { ...file, context: [{ path: "a.ts", text: "let a;\n" }], path: "b.ts" };
    expect(render(synthetic([], specials, { name: "Mellum-4b-sft-python" }), parts, 400)).toBe(
      "<filename>a.ts\nlet a;\n<filename>b.ts\n<fim_suffix>;\n}\n<fim_prefix>function add(a, b) {\n<fim_middle>  return a",
    );
    expect(render(synthetic([], specials, { name: "Granite 8b Code Base" }), parts, 400)).toBe(
      "<fim_prefix>function add(a, b) {\n<fim_suffix>;\n}\n<fim_middle>  return a",
    );
  });

  test("SentencePiece writes its space at the start of the prefix, and nowhere else", () => {
    const tokenizer = createTokenizer({ ...scoredVocabulary(), addBos: true });
    expect(render(tokenizer, file, 400)).toBe(
      "<s><|fim_prefix|> function add(a, b) {\n<|fim_suffix|>;\n}\n<|fim_middle|>  return a",
    );
    const next = random(testSeed());
    for (let run = 0; run < 200; run++) {
      const [prefix, suffix, middle] = [1, 2, 3].map(() => randomText(next, 60));
      const budget = 10 + Math.floor(next() * 120);
      const ids = fimPrompt(tokenizer, { prefix: prefix!, suffix: suffix!, middle: middle! }, budget);
      expect(ids.length).toBeLessThanOrEqual(budget);
    }
  });
});

test("a model without the tokens says so", () => {
  const bare = synthetic([]);
  expect(bare.fim).toBeUndefined();
  expect(() => fimPrompt(bare, file, 400)).toThrow(UserError);
});
