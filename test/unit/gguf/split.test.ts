import { mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "../../reference/write_gguf.ts";

let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "split-"));
});
afterEach(() => rm(folder, { recursive: true }));

const partName = (number: number, count: number) =>
  `toy-${String(number).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`;

/** Tensors of a part: the name of each, two blocks of random weights. */
const tensor = (name: string, seed: number): TensorSource => ({
  name,
  dims: [64],
  type: "Q8_0",
  bytes: randomBlocks("Q8_0", 2, seededRandom(seed)),
});

interface Part {
  readonly no: number;
  readonly count?: number;
  readonly total?: number;
  readonly tensors?: readonly TensorSource[];
  readonly keys?: readonly MetadataPair[];
}

const partBytes = ({ no, count = 3, total = 3, tensors = [], keys = [] }: Part): Uint8Array =>
  ggufBytes({
    metadata: [
      ...keys,
      ["split.no", "u16", no],
      ["split.count", "u16", count],
      ["split.tensors.count", "i32", total],
    ],
    tensors,
  });

const model: MetadataPair[] = [
  ["general.architecture", "string", "qwen35"],
  ["general.name", "string", "Toy"],
];

/** Three parts: the first without tensors, the others with one and with two. */
const sound: readonly Part[] = [
  { no: 0, keys: model },
  { no: 1, tensors: [tensor("a", 1)] },
  { no: 2, tensors: [tensor("b", 2), tensor("c", 3)] },
];

const writeParts = (parts: readonly Part[]) =>
  Promise.all(parts.map((part, i) => writeFile(at(partName(i + 1, 3)), partBytes(part))));

async function complaint(path: string): Promise<string> {
  try {
    await (await openGguf(path)).close();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "none";
}

test.each([1, 2, 3])("part %i opens the whole, each tensor with its own bytes", async (number) => {
  await writeParts(sound);
  await using file = await openGguf(at(partName(number, 3)));
  expect(file.path).toBe(at(partName(1, 3)));
  expect(file.metadata.get("general.name")).toBe("Toy");
  expect([...file.tensors.keys()]).toEqual(["a", "b", "c"]);
  for (const { name, bytes } of sound.flatMap(({ tensors = [] }) => tensors)) {
    const entry = file.tensors.get(name)!;
    expect(entry.offset + entry.bytes).toBeLessThanOrEqual(file.size);
    const found = new Uint8Array(entry.bytes);
    await file.read(entry.offset, found);
    expect(found, name).toEqual(bytes);
  }
});

test("parts whose names were exchanged are put in order by what they hold", async () => {
  await writeParts([sound[0]!, sound[2]!, sound[1]!]);
  await using file = await openGguf(at(partName(2, 3)));
  expect([...file.tensors.keys()]).toEqual(["a", "b", "c"]);
});

test("a closed model has closed all its parts", async () => {
  await writeParts(sound);
  const file = await openGguf(at(partName(1, 3)));
  await file.close();
  for (const { offset } of file.tensors.values()) {
    await expect(file.read(offset, new Uint8Array(4))).rejects.toThrow();
  }
});

const first = partName(1, 3);
const cases: readonly [
  fault: string,
  prepare: () => Promise<unknown>,
  sentence: string | RegExp,
  named?: string,
][] = [
  [
    "a part that is missing",
    async () => {
      await writeParts(sound);
      await rm(at(partName(3, 3)));
    },
    "toy-00001-of-00003.gguf is one of 3 parts of a model, and toy-00003-of-00003.gguf is not beside it: download what is missing into the same folder.",
  ],
  [
    "two parts that are missing",
    () => writeFile(at(partName(1, 3)), partBytes(sound[0]!)),
    "toy-00001-of-00003.gguf is one of 3 parts of a model, and toy-00002-of-00003.gguf and 1 more are not beside it: download what is missing into the same folder.",
  ],
  [
    "two parts with one number",
    () => writeParts([sound[0]!, sound[1]!, { ...sound[2]!, no: 1 }]),
    "toy-00002-of-00003.gguf and toy-00003-of-00003.gguf both hold part 2 of 3: download the one that is not what its name says again.",
  ],
  [
    "a part of another model",
    () => writeParts([sound[0]!, sound[1]!, { ...sound[2]!, keys: [["general.name", "string", "Other"]] }]),
    "toy-00003-of-00003.gguf belongs to another model than toy-00001-of-00003.gguf (general.name is Other there and Toy here): download both again.",
  ],
  [
    "a part of a model with more parts",
    () => writeParts([sound[0]!, sound[1]!, { ...sound[2]!, count: 4 }]),
    "toy-00003-of-00003.gguf belongs to another model than toy-00001-of-00003.gguf (split.count is 4 there and 3 here): download both again.",
  ],
  [
    "a part of a model with more tensors",
    () => writeParts([sound[0]!, sound[1]!, { ...sound[2]!, total: 9 }]),
    "toy-00003-of-00003.gguf belongs to another model than toy-00001-of-00003.gguf (split.tensors.count is 9 there and 3 here): download both again.",
  ],
  [
    "a whole model under the name of a part",
    async () => {
      await writeParts(sound);
      await writeFile(at(partName(2, 3)), ggufBytes({ metadata: model, tensors: [tensor("a", 1)] }));
    },
    "toy-00002-of-00003.gguf belongs to another model than toy-00001-of-00003.gguf (split.count is 1 there and 3 here): download both again.",
  ],
  [
    "a number that no part can have",
    () => writeParts([sound[0]!, sound[1]!, { ...sound[2]!, no: 3 }]),
    "toy-00003-of-00003.gguf is damaged (split.no is 3, and the model has 3 parts): download it again.",
  ],
  [
    "a tensor in two parts",
    () => writeParts([sound[0]!, sound[1]!, { no: 2, tensors: [tensor("a", 2), tensor("c", 3)] }]),
    "toy-00002-of-00003.gguf and toy-00003-of-00003.gguf both hold tensor a, so they are not parts of one model: download them again.",
  ],
  [
    "too few tensors",
    () => writeParts([sound[0]!, sound[1]!, { no: 2, tensors: [tensor("c", 3)] }]),
    "The 3 parts of toy-00001-of-00003.gguf hold 2 tensors and 3 are said to be there: download them again.",
  ],
  [
    "a part that is cut",
    async () => {
      await writeParts(sound);
      await truncate(at(partName(2, 3)), partBytes(sound[1]!).length - 40);
    },
    /^toy-00002-of-00003\.gguf is damaged \(tensor a needs 68 bytes .*\): download it again\.$/,
  ],
  [
    "parts that were renamed",
    async () => {
      await writeParts(sound);
      await rename(at(first), at("model.gguf"));
    },
    "model.gguf is one of 3 parts of a split model, and its name does not end in -00001-of-00003.gguf: give all parts the names that they were published under.",
    "model.gguf",
  ],
  [
    "a count that is no number",
    () =>
      writeFile(
        at("model.gguf"),
        ggufBytes({ metadata: [["split.count", "string", "three"]], tensors: [tensor("a", 1)] }),
      ),
    /^model\.gguf has a string in metadata key split\.count where a number is needed/,
    "model.gguf",
  ],
];
test.each(cases)("%s is named in one sentence", async (_, prepare, sentence, named = first) => {
  await prepare();
  const found = await complaint(at(named));
  if (typeof sentence === "string") expect(found).toBe(sentence);
  else expect(found).toMatch(sentence);
});
