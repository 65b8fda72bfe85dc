import { expect, test } from "vitest";
import {
  aboutBytes,
  catalogue,
  chooseModel,
  defaultFolder,
  entriesThatFit,
  modelsIn,
  neededBytes,
  nextSmaller,
  parseName,
  recommendedEntry,
} from "../../../engine/library/index.ts";

const GiB = 2 ** 30;

test("every entry of the catalogue has all of its fields, and its own id", () => {
  for (const entry of catalogue) {
    expect(entry).toEqual({
      id: expect.stringMatching(/^[a-z0-9.-]+$/),
      repository: expect.stringMatching(/^[\w.-]+\/[\w.-]+-GGUF$/),
      quant: expect.stringMatching(/^(UD-)?Q\d\w*$/),
      license: expect.stringMatching(/^(Apache-2\.0|MIT|LicenseRef-[\w-]+)$/),
      can: expect.arrayContaining(["complete"]),
      goodFor: expect.any(Array),
      architecture: expect.stringMatching(/^(llama|qwen2|qwen3|qwen3moe|qwen3next|qwen35|qwen35moe)$/),
      parameters: expect.any(Number),
      memoryGiB: expect.any(Number),
      ...(entry.bytes !== undefined && { bytes: expect.any(Number) }),
    });
    expect(entry.can.filter((it) => !["complete", "chat", "draft"].includes(it))).toEqual([]);
    // Nothing is praised for what it cannot do.
    const roles = { completion: "complete", chat: "chat" } as const;
    expect(entry.goodFor.length, entry.id).toBeGreaterThan(0);
    for (const use of entry.goodFor) expect(entry.can, entry.id).toContain(roles[use]);
    // Qwen3.8's own files have the block, others those of a repository of their own.
    const hasBlock = /-MTP-|\/Qwen3\.8-/.test(entry.repository);
    expect(entry.can.includes("draft"), entry.id).toBe(hasBlock);
  }
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
  expect(catalogue.length).toBeGreaterThanOrEqual(12);
});

test("every entry needs no more than the memory that it is meant for", () => {
  const tight = catalogue.filter((entry) => neededBytes(aboutBytes(entry)) > entry.memoryGiB * GiB);
  expect(tight.map(({ id }) => id)).toEqual([]);
});

for (const [memoryGiB, id] of [
  [0.5, undefined],
  [1.5, "qwen2.5-coder-0.5b"],
  [2, "qwen3.5-0.8b"],
  [4, "qwen3.5-2b"],
  [8, "qwen3.5-4b"],
  [16, "qwen3.5-9b"],
  [48, "qwen3.6-35b-a3b"],
] as const) {
  test(`with ${memoryGiB} GiB, ${id ?? "nothing"} is recommended`, () => {
    expect(recommendedEntry(memoryGiB * GiB)?.id).toBe(id);
    for (const entry of entriesThatFit(memoryGiB * GiB))
      expect(entry.memoryGiB).toBeLessThanOrEqual(memoryGiB);
  });
}

const names: readonly (readonly [name: string, wish: object])[] = [
  ["qwen3.5-4b", { repository: "unsloth/Qwen3.5-4B-MTP-GGUF", quant: "UD-Q4_K_XL" }],
  ["a/B-GGUF", { repository: "a/B-GGUF" }],
  ["a/B-GGUF:Q4_K_M", { repository: "a/B-GGUF", quant: "Q4_K_M" }],
  ["a/B-GGUF/x-Q8_0.gguf", { repository: "a/B-GGUF", file: "x-Q8_0.gguf" }],
  ["a/B-GGUF/Q8/x.gguf", { repository: "a/B-GGUF", file: "Q8/x.gguf" }],
  ["https://huggingface.co/a/B-GGUF", { repository: "a/B-GGUF" }],
  ["https://hf.co/a/B-GGUF/", { repository: "a/B-GGUF" }],
  ["https://huggingface.co/a/B-GGUF/tree/main", { repository: "a/B-GGUF" }],
  ["https://huggingface.co/a/B/blob/v2/x.gguf", { repository: "a/B", revision: "v2", file: "x.gguf" }],
  ["https://huggingface.co/a/B/resolve/main/x.gguf?download=true", { repository: "a/B", file: "x.gguf" }],
];
for (const [name, wish] of names) {
  test(`${name} is understood`, () => expect(parseName(name)).toEqual({ revision: "main", ...wish }));
}

const unknown: readonly (readonly [name: string, sentence: RegExp])[] = [
  ["qwen", /^"qwen" names no model: name an id of the catalogue, /],
  ["", /names no model/],
  ["../b", /names no model/],
  ["a/..", /names no model/],
  ["a/B/../x.gguf", /names no model/],
  ["a/B/x.gguf:Q8_0", /names no model/],
  ["a/B/x.bin", /^x\.bin is not a GGUF file: name a file that ends in \.gguf\.$/],
  ["https://example.org/a/B", /^https:\/\/example\.org\/a\/B is at example\.org, not on the Hub/],
  ["https://huggingface.co/a/B/discussions/1", /is no page of a model or of its files/],
];
for (const [name, sentence] of unknown) {
  test(`${JSON.stringify(name)} is refused in one sentence`, () =>
    expect(() => parseName(name)).toThrowError(sentence));
}

const files = (...list: string[]) =>
  list.map((it) => {
    const [path, gigabytes] = it.split(" ");
    return { path: path!, bytes: Number(gigabytes ?? 1) * 1e9 };
  });
const several = files("m-Q4_K_M.gguf 5", "m-Q8_0.gguf 9", "m-Q6_K.gguf 7", "mmproj-F16.gguf", "imatrix.gguf");
const named = (name: string) => parseName(`a/B${name}`);

test("with memory known, a repository's name means its first preferred quant that fits", () => {
  expect(chooseModel(several, named(""), 16 * GiB).quant).toBe("Q4_K_M");
  expect(chooseModel(files("m-Q6_K.gguf 7", "m-Q8_0.gguf 9"), named(""), 9 * GiB).quant).toBe("Q6_K");
});

test("without memory known, a repository's name means its first preferred quant", () => {
  expect(chooseModel(several, named("")).quant).toBe("Q4_K_M");
});

test("where no quant fits, the sentence says what is needed and lists the files", () => {
  expect(() => chooseModel(several, named(""), 4 * GiB)).toThrowError(
    "a/B needs 5.6 GiB of GPU memory in the smallest usual quant and 4.0 GiB is there: choose a smaller model, or name one of m-Q4_K_M.gguf, m-Q8_0.gguf, m-Q6_K.gguf, as a/B/FILE.gguf.",
  );
});

test("two different models are never chosen between", () => {
  const two = files("x-Q4_K_M.gguf", "y-Q8_0.gguf");
  expect(() => chooseModel(two, named(""), 16 * GiB)).toThrowError(/^a\/B holds 2 models: name one of/);
});

test("a quant is found in any case, and what is missing is said with what is there", () => {
  expect(chooseModel(several, named(":q6_k")).parts[0]!.path).toBe("m-Q6_K.gguf");
  expect(() => chooseModel(several, named(":Q2_K"))).toThrowError(
    "a/B has nothing in Q2_K: choose one of Q4_K_M, Q8_0, Q6_K.",
  );
  expect(() => chooseModel(several, named("/mmproj-F16.gguf"))).toThrowError(
    /^a\/B has no model mmproj-F16\.gguf/,
  );
});

test("parts are one model, in order, and an MTP file goes with the models of its name", () => {
  const [model, ...rest] = modelsIn(
    files(
      "Q8/m-Q8_0-00002-of-00002.gguf 2",
      "Q8/m-Q8_0-00001-of-00002.gguf 3",
      "mtp-m-Q8_0.gguf",
      "mtp-n-Q8_0.gguf",
    ),
  );
  expect(rest).toEqual([]);
  expect(model).toMatchObject({ name: "Q8/m-Q8_0", quant: "Q8_0", missing: 0, bytes: 6e9 });
  expect(model!.parts.map(({ bytes }) => bytes)).toEqual([3e9, 2e9]);
  expect(model!.companions.map(({ path }) => path)).toEqual(["mtp-m-Q8_0.gguf"]);
});

test("a split model with a part missing is refused", () => {
  expect(() => chooseModel(files("m-00001-of-00003.gguf", "m-00003-of-00003.gguf"), named(""))).toThrowError(
    "a/B has 2 of the 3 parts of m: choose another model.",
  );
});

test("instead of what does not fit: the next smaller file beside it, else the next smaller entry", () => {
  const models = modelsIn(several);
  expect(nextSmaller(9e9, 9 * GiB, models)).toMatchObject({ from: "repository", model: { quant: "Q6_K" } });
  expect(nextSmaller(9e9, 5 * GiB, models)).toMatchObject({ from: "catalogue" });
  expect(nextSmaller(1e5, 5 * GiB, models)).toBeUndefined();
});

test("the folder is the system's own for data, unless the environment names one", () => {
  expect(defaultFolder({}, "linux", "/home/ada")).toBe("/home/ada/.local/share/foretype/models");
  expect(defaultFolder({ XDG_DATA_HOME: "/data" }, "linux", "/home/ada")).toBe("/data/foretype/models");
  expect(defaultFolder({}, "darwin", "/Users/ada")).toBe(
    "/Users/ada/Library/Application Support/Foretype/models",
  );
  expect(defaultFolder({ LOCALAPPDATA: "D:\\Local" }, "win32", "D:\\ada")).toBe(
    "D:\\Local\\Foretype\\models",
  );
  expect(defaultFolder({ FORETYPE_MODELS: "/m" }, "linux", "/home/ada")).toBe("/m");
});
