import { describe, expect, test } from "vitest";
import type { GgufFile, MetadataValue, TensorEntry } from "../../../engine/gguf/index.ts";
import { readHyperparameters, ropeTable, withRopeFactors } from "../../../engine/model/index.ts";

/** A file of Llama's architecture as its header says it, with these further keys and tensors. */
function headerOf(
  keys: Readonly<Record<string, MetadataValue>>,
  tensors: Readonly<Record<string, { dims: number[]; values?: number[]; type?: string }>> = {},
  architecture = "llama",
): GgufFile {
  const all = {
    block_count: 2,
    context_length: 64,
    embedding_length: 320,
    feed_forward_length: 256,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
    "attention.layer_norm_rms_epsilon": 1e-5,
    ...keys,
  };
  const data = { "token_embd.weight": { dims: [320, 512] }, ...tensors };
  const entries = Object.entries(data).map(([name, tensor], index): [string, TensorEntry] => {
    const { dims, type = "F32" } = tensor as (typeof tensors)[string];
    const bytes = 4 * dims.reduce((product, n) => product * n, 1);
    return [name, { name, dims, type, supported: true, offset: index, bytes } as TensorEntry];
  });
  return {
    path: "toy.gguf",
    size: 0,
    version: 3,
    metadata: new Map<string, MetadataValue>([
      ["general.architecture", architecture],
      ...Object.entries(all).map(([key, value]): [string, MetadataValue] => [
        `${architecture}.${key}`,
        value,
      ]),
    ]),
    tensors: new Map(entries),
    async read(offset, target) {
      const { values = [] } = Object.values(data)[offset] as { values?: number[] };
      target.set(new Uint8Array(Float32Array.from(values).buffer));
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

const shapesOf = (...file: Parameters<typeof headerOf>) => readHyperparameters(headerOf(...file));

describe("the llama family", () => {
  test("neighbours rotate, nothing comes before, and heads of 80 are accepted", () => {
    expect(shapesOf({}).attention).toMatchObject({ inputs: "nothing", pairs: "neighbours", headSize: 80 });
    expect(shapesOf({})).toMatchObject({ feedForward: 256 });
    expect(shapesOf({}).experts).toBeUndefined();
  });

  test("a bias on any of q, k and v, in one tensor or three, makes all blocks have it", () => {
    for (const name of ["blk.1.attn_k.bias", "blk.0.attn_qkv.bias"])
      expect(shapesOf({}, { [name]: { dims: [160] } }).attention.inputs, name).toBe("biases");
  });

  test("a file with experts is a mixture without a shared one", () => {
    const h = shapesOf({ expert_count: 8, expert_used_count: 2 });
    expect(h).toMatchObject({ experts: { count: 8, used: 2, feedForward: 256, shared: 0 }, feedForward: 0 });
  });

  test("heads that fill no vectors are refused", () => {
    expect(() => shapesOf({ "attention.key_length": 100 })).toThrow("equal multiples of 8 from 32 to 256");
  });

  test("Granite's factors are read, and what the file lacks is 1", () => {
    const keys = { embedding_scale: 12, residual_scale: 0.22, "attention.scale": 0.125, logit_scale: 8 };
    const h = shapesOf(keys, {}, "granite");
    expect(h.multipliers).toEqual({ embedding: 12, residual: 0.22, logits: 0.125 });
    expect(h.attention.scale).toBe(0.125);
    expect(shapesOf({}, {}, "granite").multipliers).toEqual({ embedding: 1, residual: 1, logits: 1 });
    expect(shapesOf(keys).multipliers).toBeUndefined();
  });

  const withFactors = (values: number[], type = "F32") =>
    headerOf({}, { "rope_freqs.weight": { dims: [values.length], values, type } });
  const read = (file: GgufFile) => withRopeFactors(file, readHyperparameters(file));

  test("the factors divide the angles of their pairs", async () => {
    const factors = Array.from({ length: 40 }, (_, i) => 1 + i / 8);
    const table = ropeTable((await read(withFactors(factors))).attention, 4);
    for (const [i, factor] of factors.entries()) {
      const angle = (3 * 10_000 ** (-i / 40)) / factor;
      expect(table[3 * 80 + 2 * i]).toBeCloseTo(Math.cos(angle), 6);
      expect(table[3 * 80 + 2 * i + 1]).toBeCloseTo(Math.sin(angle), 6);
    }
  });

  test("angles are not made before the factors are read, and other families leave the tensor alone", async () => {
    const h = readHyperparameters(withFactors(new Array(40).fill(1)));
    expect(() => ropeTable(h.attention, 4)).toThrow("were not read");
    const other = headerOf({}, { "rope_freqs.weight": { dims: [7], type: "F16" } }, "qwen2");
    expect((await read(other)).attention.ropeFactors).toBeUndefined();
  });

  test.each([
    ["of another length", new Array(39).fill(1), "F32", "is F32 [39] where F32 [40] is needed"],
    ["of another type", new Array(40).fill(1), "F16", "is F16 [40] where F32 [40] is needed"],
    ["with a zero", [0, ...new Array(39).fill(1)], "F32", "has an element that is not a positive number"],
    ["with NaN", [NaN, ...new Array(39).fill(1)], "F32", "has an element that is not a positive number"],
  ] as const)("factors %s are refused", async (_, values, type, sentence) => {
    await expect(read(withFactors([...values], type))).rejects.toThrow(sentence);
  });
});
