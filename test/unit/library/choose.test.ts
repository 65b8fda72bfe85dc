import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { isModelFile, modelStem, quantOf } from "../../../engine/gguf/index.ts";
import { aboutBytes, catalogue } from "../../../engine/library/catalogue.ts";
import { chooseModel, modelsIn } from "../../../engine/library/choose.ts";

/** Files of repositories of the Hub, in GB, as they were listed on 2026-11-20; partly. */
const repositories: Readonly<Record<string, Readonly<Record<string, number>>>> = JSON.parse(
  readFileSync(new URL("../../fixtures/hub/repositories.json", import.meta.url), "utf8"),
);

const MEMORY = 64e9; // bytes

const filesOf = (repository: string) =>
  Object.entries(repositories[repository]!).map(([path, gigabytes]) => ({ path, bytes: gigabytes * 1e9 }));

function chosen(repository: string, quant: string | undefined): string {
  try {
    const { parts, companions } = chooseModel(
      filesOf(repository),
      { repository, revision: "main", ...(quant && { quant }) },
      MEMORY,
    );
    return [...parts, ...companions].map(({ path }) => path).join(" + ");
  } catch (error) {
    if (error instanceof UserError) return `${error.fault.problem}.`;
    throw error;
  }
}

const Q35 = "Qwen3.6-35B-A3B";
const CODER = "qwen2.5-coder-7b-instruct";

describe("what a name on the Hub gets", () => {
  test.each([
    ["unsloth/Qwen3.6-35B-A3B-MTP-GGUF", undefined, `${Q35}-UD-Q4_K_XL.gguf`],
    ["unsloth/Qwen3.6-35B-A3B-MTP-GGUF", "Q4_K_M", `${Q35}-UD-Q4_K_M.gguf`],
    ["unsloth/Qwen3.6-35B-A3B-MTP-GGUF", "Q8_0", `${Q35}-Q8_0.gguf`],
    ["ggml-org/Qwen3.6-35B-A3B-GGUF", undefined, `${Q35}-Q4_K_M.gguf + mtp-${Q35}-Q4_0.gguf`],
    ["ggml-org/Qwen3.6-35B-A3B-GGUF", "Q8_0", `${Q35}-Q8_0.gguf + mtp-${Q35}-Q8_0.gguf`],
    ["ggml-org/Qwen3.6-35B-A3B-MTP-GGUF", undefined, `${Q35}-MTP-Q8_0.gguf`],
    ["unsloth/Qwen3.8-27B-GGUF", undefined, "Qwen3.8-27B-UD-Q4_K_XL.gguf"],
    ["unsloth/Qwen3.8-27B-GGUF", "Q4_0", "Qwen3.8-27B-Q4_0.gguf"],
    [
      "unsloth/Qwen3.8-27B-GGUF",
      "BF16",
      "BF16/Qwen3.8-27B-BF16-00001-of-00002.gguf + BF16/Qwen3.8-27B-BF16-00002-of-00002.gguf",
    ],
    ["unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF", undefined, "Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf"],
    ["unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF", "UD-TQ1_0", "Qwen3-Coder-30B-A3B-Instruct-UD-TQ1_0.gguf"],
    ["Qwen/Qwen2.5-Coder-7B-Instruct-GGUF", undefined, `${CODER}-q4_k_m.gguf`],
    ["Qwen/Qwen2.5-Coder-7B-Instruct-GGUF", "Q4_K_M", `${CODER}-q4_k_m.gguf`],
    ["Qwen/Qwen2.5-Coder-7B-Instruct-GGUF", "fp16", `${CODER}-fp16.gguf`],
    ["Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", undefined, "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"],
    ["sweepai/sweep-next-edit-1.5B", "Q8_0", "sweep-next-edit-1.5b.q8_0.v2.gguf"],
    ["henrik3/sweep-next-edit-v2-7B-GGUF", undefined, "q4_k_m.gguf"],
    ["henrik3/sweep-next-edit-v2-7B-GGUF", "Q8_0", "q8_0.gguf"],
    ["henrik3/sweep-next-edit-v2-7B-GGUF", "Q4_0", "henrik3/sweep-next-edit-v2-7B-GGUF has nothing in Q4_0."],
  ])("%s:%s", (repository, quant, expected) => {
    expect(chosen(repository, quant)).toBe(expected);
  });

  test.each([
    ["unsloth/Qwen3.8-27B-GGUF", undefined, ["MTP/mtp-Qwen3.8-27B-Q4_0.gguf"]],
    ["unsloth/Qwen3.8-27B-GGUF", "BF16", ["MTP/mtp-Qwen3.8-27B-Q4_0.gguf"]],
    ["ggml-org/Qwen3.6-35B-A3B-GGUF", undefined, []],
    ["unsloth/Qwen3.6-35B-A3B-MTP-GGUF", undefined, []],
  ])("%s:%s has in reserve, for a model without the block, %s", (repository, quant, expected) => {
    const wish = { repository, revision: "main", ...(quant && { quant }) };
    const { spare } = chooseModel(filesOf(repository), wish, MEMORY);
    expect(spare.map(({ path }) => path)).toEqual(expected);
  });

  test("of several MTP files the one in the model's quant, else the smallest, of the model's own folder", () => {
    const files = [
      ["m-Q8_0.gguf", 8],
      ["m-Q6_K.gguf", 6],
      ["MTP/mtp-m-BF16.gguf", 3],
      ["MTP/mtp-m-Q8_0.gguf", 2],
      ["MTP/mtp-m-Q4_0.gguf", 1],
      ["old/mtp-m-Q2_K.gguf", 0.5],
    ].map(([path, bytes]) => ({ path: String(path), bytes: Number(bytes) }));
    const spareOf = (quant: string) =>
      chooseModel(files, { repository: "a/m", revision: "main", quant }).spare.map(({ path }) => path);
    expect(spareOf("Q8_0")).toEqual(["MTP/mtp-m-Q8_0.gguf"]);
    expect(spareOf("Q6_K")).toEqual(["MTP/mtp-m-Q4_0.gguf"]);
  });

  test("a model whose own name begins as that of an MTP block", () => {
    const files = ["mtp-tiny-Q4_K_M.gguf", "mtp-tiny-Q8_0.gguf"].map((path) => ({ path, bytes: 1e9 }));
    expect(chooseModel(files, { repository: "a/mtp-tiny-GGUF", revision: "main" }).quant).toBe("Q4_K_M");
  });
});

test("the catalogue's sizes are those of the listings that are known, within 1 %", () => {
  const listed = catalogue.filter(({ repository }) => repository in repositories);
  expect(listed.map(({ id }) => id)).toContain("qwen3.8-27b");
  for (const entry of listed) {
    const { bytes } = chooseModel(filesOf(entry.repository), {
      repository: entry.repository,
      revision: "main",
      quant: entry.quant,
    });
    expect(Math.abs(aboutBytes(entry) / bytes - 1), entry.id).toBeLessThanOrEqual(0.01);
  }
});

test("quants in names", () => {
  const names = {
    "m-Q4_K_M.gguf": "Q4_K_M",
    "m.i1-IQ2_XXS.gguf": "IQ2_XXS",
    "m-i1-Q4_K_S.gguf": "Q4_K_S",
    "m-UD-TQ1_0.gguf": "UD-TQ1_0",
    "m-MXFP4_MOE.gguf": "MXFP4_MOE",
    "m.q8_0.v2.gguf": "Q8_0",
    "m-FP16.gguf": "F16",
    "q4_k_m.gguf": "Q4_K_M",
    "Q6_K/m-00001-of-00003.gguf": "Q6_K",
    "Q6_K/m-Q5_K_M.gguf": "Q5_K_M",
    "models/m.gguf": "",
    "Qwen3-8B.gguf": "",
  };
  for (const [name, quant] of Object.entries(names)) expect(quantOf(name), name).toBe(quant);
  expect(modelStem("a/m-i1-Q4_K_S.gguf")).toBe(modelStem("m-Q8_0.gguf"));
});

test("what lies beside models and is none", () => {
  for (const name of [
    "dflash-m-Q8_0.gguf",
    "eagle3-m-F16.gguf",
    "draft-m-Q4_0.gguf",
    "mmproj-F16.gguf",
    "m-mmproj-BF16.gguf",
    "imatrix.gguf",
    "m-lora-f16.gguf",
    "m-adapter.gguf",
    "README.md",
  ])
    expect(isModelFile(name), name).toBe(false);
  for (const name of ["m.gguf", "exploration-Q4_0.gguf", "draftsman.gguf"])
    expect(isModelFile(name), name).toBe(true);
});

// Lists come from a server, and are read in the editor's thread: these take minutes where files are compared with each other,
// or a pattern begins anew at each dot of a name.
test("long lists and long names are read in a time that grows with their length", () => {
  const numbered = (count: number, nameOf: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => ({ path: nameOf(i), bytes: 1 }));
  const part = (i: number) => `m-${String(i + 1).padStart(5, "0")}-of-50000.gguf`;
  expect(modelsIn(numbered(50_000, part))).toMatchObject([{ missing: 0, name: "m" }]);
  const pairs = modelsIn([
    ...numbered(25_000, (i) => `m${i}-Q4_0.gguf`),
    ...numbered(25_000, (i) => `mtp-m${i}-Q4_0.gguf`),
  ]);
  expect(pairs).toHaveLength(25_000);
  expect(pairs[7]!.companions[0]!.path).toBe("mtp-m7-Q4_0.gguf");
  const long = `${"_Q1".repeat(100_000)}!`;
  expect(quantOf(`${long}-Q8_0.gguf`)).toBe("Q8_0");
  expect(quantOf(`${long}.gguf`)).toBe("");
  expect(modelStem(`${long}-Q8_0.gguf`)).toBe(long.toLowerCase());
});
