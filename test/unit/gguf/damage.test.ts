import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { openGguf } from "../../../engine/gguf/open.ts";
import { seededRandom } from "../../reference/random.ts";
import { type GgufSource, ggufBytes, type TensorSource } from "../../reference/write_gguf.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gguf-"));
  path = join(folder, "model.gguf");
});
afterAll(() => rm(folder, { recursive: true }));

/** The sentence that opening ends with; any other error fails the test. */
async function complaint(target: string): Promise<string> {
  try {
    await (await openGguf(target)).close();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "none";
}

function tensor(overrides: Partial<TensorSource>): GgufSource {
  return { tensors: [{ name: "w", dims: [32], type: "Q8_0", bytes: new Uint8Array(34), ...overrides }] };
}

/** `bytes` with `patch` written over them at `at`. */
function patched(bytes: Uint8Array, at: number, patch: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(patch, at);
  return copy;
}

const u64 = (value: bigint) => [...Buffer.from(BigUint64Array.of(value).buffer)];
const keyed = ggufBytes({ metadata: [["general.name", "string", "toy"]] }); // key length at 24, value type at 44, value length at 48

const cases: readonly [fault: string, bytes: Uint8Array, sentence: string][] = [
  ["an empty file", new Uint8Array(0), "model.gguf is empty: download it again."],
  [
    "another format",
    Buffer.from("PK\x03\x04 and so on"),
    "model.gguf is not a GGUF file (it begins with 50 4b 03 04, not 47 47 55 46): choose a model in GGUF format.",
  ],
  [
    "two bytes",
    Buffer.from("GG"),
    "model.gguf is not a GGUF file (it begins with 47 47, not 47 47 55 46): choose a model in GGUF format.",
  ],
  [
    "a header cut in its counts",
    keyed.subarray(0, 20),
    "model.gguf is damaged (the header needs 8 bytes at byte 16 and the file ends at 20): download it again.",
  ],
  [
    "a header cut in a value",
    keyed.subarray(0, 57),
    "model.gguf is damaged (metadata key general.name needs 11 bytes at byte 48 and the file ends at 57): download it again.",
  ],
  [
    "version 1",
    ggufBytes({ version: 1 }),
    "model.gguf has GGUF version 1 and only versions 2 and 3 are read: choose a newer file of this model.",
  ],
  [
    "version 4",
    ggufBytes({ version: 4 }),
    "model.gguf has GGUF version 4 and only versions 2 and 3 are read: update Foretype.",
  ],
  [
    "big-endian numbers",
    ggufBytes({ version: 0x03000000 }),
    "model.gguf is a big-endian GGUF and only little-endian ones are read: choose another file of this model.",
  ],
  [
    "2^64 - 1 tensors",
    patched(keyed, 8, u64(2n ** 64n - 1n)),
    "model.gguf is damaged (it claims 18,446,744,073,709,551,615 tensors and has 48 bytes left for them): download it again.",
  ],
  [
    "2^40 metadata keys",
    patched(keyed, 16, u64(2n ** 40n)),
    "model.gguf is damaged (it claims 1,099,511,627,776 metadata keys and has 40 bytes left for them): download it again.",
  ],
  [
    "a key of 2^60 bytes",
    patched(keyed, 24, u64(2n ** 60n)),
    "model.gguf is damaged (metadata key 1 of 1 has a string of 1,152,921,504,606,846,976 bytes where 65,535 is the most): download it again.",
  ],
  [
    "a string of 2^60 bytes",
    patched(keyed, 48, u64(2n ** 60n)),
    "model.gguf is damaged (metadata key general.name has a string of 1,152,921,504,606,846,976 bytes where 16,777,216 is the most): download it again.",
  ],
  [
    "an array of 2^40 strings",
    patched(ggufBytes({ metadata: [["k", "string", ["a"]]] }), 41, u64(2n ** 40n)),
    "model.gguf is damaged (metadata key k has an array of 1,099,511,627,776 elements where 16,777,216 is the most): download it again.",
  ],
  [
    "an array of more numbers than the file has",
    patched(ggufBytes({ metadata: [["k", "u32", [1]]] }), 41, u64(1_000_000n)),
    "model.gguf is damaged (metadata key k needs 4,000,000 bytes at byte 49 and the file ends at 64): download it again.",
  ],
  [
    "a value type that does not exist",
    patched(keyed, 44, [13]),
    "model.gguf is damaged (metadata key general.name has values of type 13, which GGUF version 3 does not know here): download it again.",
  ],
  [
    "an array of arrays",
    patched(ggufBytes({ metadata: [["k", "u32", [1]]] }), 37, [9]),
    "model.gguf is damaged (metadata key k has values of type 9, which GGUF version 3 does not know here): download it again.",
  ],
  [
    "a key twice",
    ggufBytes({
      metadata: [
        ["k", "u32", 1],
        ["k", "u32", 1],
      ],
    }),
    "model.gguf is damaged (metadata key k is there twice): download it again.",
  ],
  [
    "a tensor twice",
    ggufBytes({ tensors: [...tensor({}).tensors!, ...tensor({}).tensors!] }),
    "model.gguf is damaged (tensor w is there twice): download it again.",
  ],
  [
    "two tensors that share bytes",
    ggufBytes({
      tensors: [
        ...tensor({}).tensors!,
        ...tensor({ offset: 32n }).tensors!.map((one) => ({ ...one, name: "v" })),
      ],
    }),
    "model.gguf is damaged (tensor v begins at byte 32 of the data, and 64 is where it should: tensor w ends at 34): download it again.",
  ],
  [
    "bytes between two tensors",
    Buffer.concat([
      ggufBytes({
        tensors: [
          ...tensor({}).tensors!,
          ...tensor({ offset: 96n }).tensors!.map((one) => ({ ...one, name: "v" })),
        ],
      }),
      Buffer.alloc(64),
    ]),
    "model.gguf is damaged (tensor v begins at byte 96 of the data, and 64 is where it should: tensor w ends at 34): download it again.",
  ],
  [
    "bytes after the last tensor",
    Buffer.concat([ggufBytes(tensor({})), Buffer.alloc(64)]),
    "model.gguf is damaged (tensor w ends at byte 34 of the data as the last one, and the file has 94 bytes more): download it again.",
  ],
  [
    "an offset that is not a multiple of the alignment",
    ggufBytes(tensor({ offset: 4n })),
    "model.gguf is damaged (tensor w begins at byte 4 of the data, and 0 is where it should: the data begins at 0): download it again.",
  ],
  [
    "five dimensions",
    ggufBytes(tensor({ dims: [32, 1, 1, 1, 1] })),
    "model.gguf is damaged (tensor w has 5 dimensions where 4 is the most): download it again.",
  ],
  [
    "an empty dimension",
    ggufBytes(tensor({ dims: [0, 5] })),
    "model.gguf is damaged (tensor w has the shape [0, 5], which holds nothing): download it again.",
  ],
  [
    "a product of dimensions beyond 2^53",
    ggufBytes(tensor({ dims: [4294967296, 4294967296] })),
    "model.gguf is damaged (tensor w has the shape [4294967296, 4294967296], more elements than any file holds): download it again.",
  ],
  [
    "a dimension beyond 2^53",
    patched(ggufBytes(tensor({})), 37, u64(2n ** 63n)),
    "model.gguf is damaged (tensor w has a dimension of 9,223,372,036,854,775,808, and 2^53 - 1 is the most): download it again.",
  ],
  [
    "an offset beyond 2^53",
    ggufBytes(tensor({ offset: 2n ** 53n })),
    "model.gguf is damaged (tensor w has an offset of 9,007,199,254,740,992, and 2^53 - 1 is the most): download it again.",
  ],
  [
    "rows that are no whole blocks",
    ggufBytes(tensor({ dims: [100, 2], type: "Q4_K" })),
    "model.gguf is damaged (tensor w has rows of 100 elements, not a multiple of the 256 in a Q4_K block): download it again.",
  ],
  [
    "a tensor longer than the file",
    ggufBytes(tensor({ dims: [32, 3] })),
    "model.gguf is damaged (tensor w needs 102 bytes at byte 96 and the file ends at 160): download it again.",
  ],
  [
    "an unsupported tensor behind the end",
    ggufBytes(tensor({ type: 40, offset: 4096 })),
    "model.gguf is damaged (tensor w needs 0 bytes at byte 4,160 and the file ends at 128): download it again.",
  ],
  [
    "an alignment of 48",
    ggufBytes({ metadata: [["general.alignment", "u32", 48]] }),
    "model.gguf is damaged (general.alignment is 48, which is not a power of two below 2^32): download it again.",
  ],
  [
    "an alignment of 0",
    ggufBytes({ metadata: [["general.alignment", "u32", 0]] }),
    "model.gguf is damaged (general.alignment is 0, which is not a power of two below 2^32): download it again.",
  ],
  [
    "an alignment in words",
    ggufBytes({ metadata: [["general.alignment", "string", "32"]] }),
    "model.gguf has a string in metadata key general.alignment where a number is needed: choose another file of this model.",
  ],
];

test.each(cases)("%s is refused in one sentence", async (_, bytes, sentence) => {
  await writeFile(path, bytes);
  expect(await complaint(path)).toBe(sentence);
});

test.each([
  ["131,073 tensors", 8, 131_073, 24, "it claims 131,073 tensors where 131,072 is the most"],
  ["65,537 metadata keys", 16, 65_537, 13, "it claims 65,537 metadata keys where 65,536 is the most"],
])("%s are refused, though the file is long enough for them", async (_, at, count, each, fault) => {
  await writeFile(path, patched(keyed, at, u64(BigInt(count))));
  await truncate(path, count * each + 1000);
  expect(await complaint(path)).toBe(`model.gguf is damaged (${fault}): download it again.`);
});

test("a header that takes more memory than any is refused before it does", async () => {
  const [arrays, length] = [5, 2 ** 24];
  const counts = keyed.slice(0, 24); // the file's own, with that many keys
  counts.set(u64(BigInt(arrays)), 16);
  const file = await open(path, "w");
  await file.write(counts, 0, counts.length, 0);
  let at = counts.length;
  for (let i = 0; i < arrays; i++) {
    const key = [...u64(2n), ...Buffer.from(`k${i}`)];
    const pair = Uint8Array.from([...key, 9, 0, 0, 0, 0, 0, 0, 0, ...u64(BigInt(length))]);
    await file.write(pair, 0, pair.length, at);
    at += pair.length + length;
  }
  await file.truncate(at); // the elements are zeros that no disk holds
  await file.close();
  expect(await complaint(path)).toBe(
    "model.gguf is damaged (metadata key k3 needs 16,777,216 bytes at byte 50,331,776 and a header ends by 67,108,864): download it again.",
  );
});

test("a missing file, a path through a file and a directory are told apart", async () => {
  await writeFile(path, keyed);
  const missing = join(folder, "missing.gguf");
  expect(await complaint(missing)).toBe(`There is no file ${missing}: check the path.`);
  expect(await complaint(join(path, "x"))).toBe(`There is no file ${join(path, "x")}: check the path.`);
  expect(await complaint(folder)).toBe(`${folder} is a directory: name the .gguf file in it.`);
});

test("a file that shrinks after it was opened ends in a sentence, not in wrong bytes", async () => {
  await writeFile(path, ggufBytes(tensor({})));
  await using file = await openGguf(path);
  await truncate(path, 80);
  const entry = file.tensors.get("w")!;
  await expect(file.read(entry.offset, new Uint8Array(entry.bytes))).rejects.toThrow(
    expect.objectContaining({
      name: "UserError",
      message:
        "model.gguf ended at byte 80 where 18 bytes more were expected: something changed it, so open it again.",
    }),
  );
});

const small: GgufSource = {
  metadata: [
    ["general.architecture", "string", "qwen35"],
    ["tokens", "string", ["a", "bc", "déf"]],
    ["sections", "i32", [11, 11, 10, 0]],
    ["eps", "f32", 1e-6],
  ],
  tensors: [
    { name: "a", dims: [32, 2], type: "Q8_0", bytes: new Uint8Array(68) },
    { name: "b", dims: [8], type: "F32", bytes: new Uint8Array(32) },
  ],
};

test("a file cut at any byte is refused", async () => {
  const bytes = ggufBytes(small);
  await writeFile(path, bytes);
  for (let length = bytes.length - 1; length >= 0; length--) {
    await truncate(path, length);
    expect(await complaint(path), `cut at ${length}`).toMatch(/^model\.gguf is .*: .*\.$/);
  }
});

test("three random bytes anywhere never end in anything but a sentence", async () => {
  const bytes = ggufBytes(small);
  const seed = 20260821;
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let run = 0; run < 400; run++) {
    const broken = Uint8Array.from(bytes);
    for (let hit = 0; hit < 3; hit++) broken[below(bytes.length)] = below(256);
    await writeFile(path, broken);
    await expect(complaint(path), `seed ${seed}, run ${run}`).resolves.toMatch(/^(none|model\.gguf .*\.)$/s);
  }
});
