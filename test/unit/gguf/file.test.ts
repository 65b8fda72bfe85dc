import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { typeName } from "../../../engine/gguf/block_formats.ts";
import { readHeader } from "../../../engine/gguf/header.ts";
import { openGguf } from "../../../engine/gguf/open.ts";
import { seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { type GgufSource, ggufBytes, type MetadataPair } from "../../reference/write_gguf.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gguf-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(source: GgufSource): Promise<string> {
  const path = join(folder, "model.gguf");
  await writeFile(path, ggufBytes(source));
  return path;
}

test("every value type is read as it was written, arrays in their own width", async () => {
  const metadata: MetadataPair[] = [
    ["u8", "u8", 255],
    ["i8", "i8", -128],
    ["u16", "u16", 65535],
    ["i16", "i16", -32768],
    ["u32", "u32", 4294967295],
    ["i32", "i32", -2147483648],
    ["f32", "f32", 1e-6],
    ["f64", "f64", 1e-6],
    ["yes", "bool", true],
    ["no", "bool", false],
    ["u64", "u64", Number.MAX_SAFE_INTEGER],
    ["u64 large", "u64", 2n ** 64n - 1n],
    ["i64", "i64", -5],
    ["i64 large", "i64", -(2n ** 63n)],
    ["string", "string", "naïve ✓ 😀"],
    ["empty string", "string", ""],
    ["strings", "string", ["a", "", "Ġthe", "中文"]],
    ["no strings", "string", []],
    ["u8s", "u8", [1, 255]],
    ["i8s", "i8", [-1, 1]],
    ["u16s", "u16", [1, 65535]],
    ["i16s", "i16", [-2, 2]],
    ["u32s", "u32", [3, 4294967295]],
    ["i32s", "i32", [11, 11, 10, 0]],
    ["f32s", "f32", [0.5, -0.25]],
    ["f64s", "f64", [0.1]],
    ["bools", "bool", [true, false, true]],
    ["u64s", "u64", [2n ** 64n - 1n]],
    ["i64s", "i64", [-1n, 1n]],
    ["no numbers", "i32", []],
    ["__proto__", "u32", 7],
  ];
  await using file = await openGguf(await write({ metadata }));
  expect(Object.fromEntries(file.metadata)).toEqual(
    Object.fromEntries(
      new Map<string, unknown>([
        ["u8", 255],
        ["i8", -128],
        ["u16", 65535],
        ["i16", -32768],
        ["u32", 4294967295],
        ["i32", -2147483648],
        ["f32", Math.fround(1e-6)],
        ["f64", 1e-6],
        ["yes", true],
        ["no", false],
        ["u64", Number.MAX_SAFE_INTEGER],
        ["u64 large", 2n ** 64n - 1n],
        ["i64", -5],
        ["i64 large", -(2n ** 63n)],
        ["string", "naïve ✓ 😀"],
        ["empty string", ""],
        ["strings", ["a", "", "Ġthe", "中文"]],
        ["no strings", []],
        ["u8s", Uint8Array.of(1, 255)],
        ["i8s", Int8Array.of(-1, 1)],
        ["u16s", Uint16Array.of(1, 65535)],
        ["i16s", Int16Array.of(-2, 2)],
        ["u32s", Uint32Array.of(3, 4294967295)],
        ["i32s", Int32Array.of(11, 11, 10, 0)],
        ["f32s", Float32Array.of(0.5, -0.25)],
        ["f64s", Float64Array.of(0.1)],
        ["bools", Uint8Array.of(1, 0, 1)],
        ["u64s", BigUint64Array.of(2n ** 64n - 1n)],
        ["i64s", BigInt64Array.of(-1n, 1n)],
        ["no numbers", new Int32Array(0)],
        ["__proto__", 7],
      ]),
    ),
  );
});

for (const { alignment, version } of [
  { alignment: 32, version: 3 },
  { alignment: 32, version: 2 },
  { alignment: 256, version: 3 },
  { alignment: 1, version: 3 },
]) {
  test(`tensors lie where they were written: version ${version}, alignment ${alignment}`, async () => {
    const random = seededRandom(3);
    const tensors = [
      { name: "norm", dims: [5], type: "F32", bytes: randomBlocks("F32", 5, random) },
      { name: "matrix", dims: [512, 3], type: "Q6_K", bytes: randomBlocks("Q6_K", 6, random) },
      { name: "experts", dims: [64, 3, 2], type: "Q5_0", bytes: randomBlocks("Q5_0", 12, random) },
      { name: "last", dims: [3, 1, 1, 2], type: "BF16", bytes: randomBlocks("BF16", 6, random) },
    ] as const;
    const metadata: MetadataPair[] = [["general.alignment", "u32", alignment]];
    await using file = await openGguf(await write({ metadata, tensors, alignment, version }));
    expect(file.version).toBe(version);
    expect([...file.tensors.keys()]).toEqual(tensors.map(({ name }) => name));
    for (const { name, dims, type, bytes } of tensors) {
      const entry = file.tensors.get(name)!;
      expect(entry).toMatchObject({ name, dims, type, supported: true, bytes: bytes.length });
      expect(entry.offset % alignment).toBe(0);
      const found = new Uint8Array(entry.bytes);
      await file.read(entry.offset, found);
      expect(found, name).toEqual(bytes);
    }
  });
}

test("a type that the engine cannot use is listed by name, with the bytes up to its neighbour", async () => {
  const tensors = [
    { name: "known", dims: [256], type: 40, bytes: new Uint8Array(66) },
    { name: "unknown", dims: [7, 9], type: 77, bytes: new Uint8Array(10) },
    { name: "next", dims: [4], type: "F32", bytes: new Uint8Array(16) },
    { name: "final", dims: [4], type: 41, bytes: new Uint8Array(32) },
  ] as const;
  await using file = await openGguf(await write({ tensors }));
  const listed = [...file.tensors.values()].map(({ type, supported, bytes }) => [type, supported, bytes]);
  expect(listed).toEqual([
    ["NVFP4", false, 96],
    ["type 77", false, 32],
    ["F32", true, 16],
    ["Q1_0", false, 32],
  ]);
  expect(typeName(4)).toBe("type 4");
});

test("strings and arrays are whole where they cross the reader's windows", async () => {
  const random = seededRandom(11);
  const word = (length: number) => ["", "a", "é", "中", "😀", "a中é😀"][length]!;
  const tokens = Array.from({ length: 248_320 }, (_, id) => `${word(Math.floor(random() * 6))}${id}`);
  const long = "✓".repeat(1_000_001);
  const numbers = Array.from({ length: 700_000 }, (_, index) => index - 350_000);
  const metadata: MetadataPair[] = [
    ["odd", "string", "x"],
    ["tokens", "string", tokens],
    ["long", "string", long],
    ["numbers", "i32", numbers],
    ["end", "u32", 9],
  ];
  await using file = await openGguf(await write({ metadata }));
  expect(file.size).toBeGreaterThan(8e6);
  const found = file.metadata.get("tokens") as readonly string[];
  expect(found.length).toBe(tokens.length);
  expect(tokens.findIndex((token, id) => found[id] !== token)).toBe(-1);
  expect(file.metadata.get("long") === long).toBe(true);
  expect(Buffer.compare(bytesOf(file.metadata.get("numbers")), bytesOf(Int32Array.from(numbers)))).toBe(0);
  expect(file.metadata.get("end")).toBe(9);
});

test("a string may end at any byte around the edge of a window", async () => {
  const tokens = ["one", "", "déjà", "four"];
  for (let shift = 0; shift < 80; shift++) {
    const bytes = ggufBytes({
      metadata: [
        ["pad", "string", "x".repeat(2 ** 20 - 120 + shift)],
        ["tokens", "string", tokens],
        ["rest", "string", "y".repeat(200)],
      ],
    });
    const read = async (offset: number, target: Uint8Array) => {
      target.set(bytes.subarray(offset, offset + target.length));
    };
    const { metadata } = await readHeader({ path: "edge.gguf", size: bytes.length, read });
    expect(metadata.get("tokens"), `shift ${shift}`).toEqual(tokens);
  }
});

test("the header of a 20 GB file is read in pieces of 1 MiB, and no more than it", async () => {
  const tokens = Array.from({ length: 200_000 }, (_, id) => `token ${id}`);
  const header = ggufBytes({ metadata: [["tokens", "string", tokens]] });
  const pieces: number[] = [];
  const read = async (offset: number, target: Uint8Array) => {
    pieces.push(target.length);
    target.set(header.subarray(offset, offset + target.length));
  };
  await readHeader({ path: "large.gguf", size: 20e9, read });
  expect(Math.max(...pieces)).toBe(2 ** 20);
  expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(header.length + 2 * 2 ** 20);
});

test("a tensor beyond 4 GiB is found and read", async () => {
  const bytes = randomBlocks("Q8_0", 4, seededRandom(2));
  const offset = 2 ** 32 + 64;
  const header = ggufBytes({
    tensors: [
      { name: "near", dims: [offset], type: 24, bytes: new Uint8Array(0) }, // bytes of I8, as a hole
      { name: "far", dims: [128], type: "Q8_0", bytes: new Uint8Array(0), offset },
    ],
  });
  const path = join(folder, "sparse.gguf");
  const handle = await open(path, "w");
  await handle.write(header);
  await handle.write(bytes, 0, bytes.length, header.length + offset);
  await handle.close();
  await using file = await openGguf(path);
  const entry = file.tensors.get("far")!;
  expect(entry.offset).toBe(header.length + offset);
  const found = new Uint8Array(entry.bytes);
  await file.read(entry.offset, found);
  expect(found).toEqual(bytes);
});

test("a closed file refuses to read", async () => {
  const file = await openGguf(await write({}));
  await file.close();
  await expect(file.read(0, new Uint8Array(4))).rejects.toThrow();
});

function bytesOf(values: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = values as Int32Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}
