import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOn } from "../../../engine/cli/commands/inspect.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { type OpenFile, openModelFile } from "../../../engine/model_file/index.ts";
import { mayDiffer, mutated } from "../../reference/mutate_gguf.ts";
import { seededRandom } from "../../reference/random.ts";
import { readRawGguf } from "../../reference/read_gguf.ts";
import { testSeed } from "../../reference/seed.ts";
import {
  GRANITE,
  LLAMA,
  LLAMA_MIXTURE,
  MIXTURE,
  type ModelShape,
  QWEN2_STRETCHED,
  QWEN3,
  writeModel,
} from "../../reference/write_model.ts";

// A header with one thing changed gives the model that it gave before, or one sentence. `npm run torture` takes 5,000.
const tries = Number(process.env.FORETYPE_TORTURE ?? 0) > 0 ? 5000 : 280;

let folder: string;
const bases: { name: string; bytes: Uint8Array }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mutated-"));
  const micro = join(import.meta.dirname, "../../fixtures/models/micro-Q4_K_M.gguf");
  bases.push({ name: "micro", bytes: await readFile(micro) });
  const shapes: Readonly<Record<string, ModelShape>> = {
    MIXTURE,
    QWEN2_STRETCHED,
    QWEN3,
    LLAMA,
    LLAMA_MIXTURE,
    GRANITE,
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const path = join(folder, `${name}.gguf`);
    await writeModel(path, { ...shape, blocks: Math.min(shape.blocks, 4) }, () => "Q8_0", 1, {
      distinctRows: 1,
    });
    bases.push({ name, bytes: await readFile(path) });
  }
});
afterAll(() => rm(folder, { recursive: true }));

const SAMPLE = "function add(a: number) {\n\treturn a + 1; // ünïcode 漢字 🎉\n}\n<|fim_prefix|> 12345";

/** All that a text depends on: not the MTP block, nor the weights, which are where the tensors say. */
function meaningOf({ file, h: { mtpLayers: _, ...trunk }, tokenizer }: OpenFile): string {
  const offsets = [...file.tensors.values()].map(({ offset }) => offset);
  const first = Math.min(...offsets);
  return JSON.stringify([
    trunk,
    [...file.tensors.values()]
      .filter(({ name }) => !name.startsWith(`blk.${trunk.layers}.`))
      .map(({ name, dims, type, offset }) => [name, dims.join().replace(/(,1)+$/, ""), type, offset - first])
      .sort(),
    tokenizer.encode(SAMPLE, { special: true }),
    tokenizer.encode(SAMPLE, { special: false }),
    tokenizer.decode(Array.from({ length: tokenizer.size }, (_, id) => id)),
    [...tokenizer.endIds].sort(),
    [tokenizer.startId, tokenizer.spaceFirst, tokenizer.chatTemplate, tokenizer.bosText, tokenizer.eosText],
    tokenizer.fim,
  ]);
}

/** The model's meaning, or the sentence that it is refused with. */
async function reading(path: string): Promise<{ meaning: string } | { sentence: string }> {
  try {
    const open = await openModelFile(path);
    await using _ = open.file;
    const report = reportOn({ ...open }, {}, undefined);
    expect(Number.isFinite(report.memory.total) && report.memory.total > 0).toBe(true);
    for (const text of [...open.notes, report.name, report.architecture]) expect(isOneLine(text)).toBe(true);
    return { meaning: meaningOf(open) };
  } catch (error) {
    if (error instanceof UserError) return { sentence: error.message };
    throw error;
  }
}

const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u.test(text);

test(`${tries} headers with one thing changed: the same model, or one sentence`, {
  timeout: 1_800_000,
}, async () => {
  const seed = testSeed(4242);
  const random = seededRandom(seed);
  const counts = { same: 0, another: 0, refused: 0 };
  for (const { name, bytes } of bases) {
    const raw = readRawGguf(bytes);
    const path = join(folder, "toy.gguf");
    await writeFile(path, bytes);
    const before = await reading(path);
    if (!("meaning" in before)) throw new Error(`${name} is refused as it is: ${before.sentence}`);
    for (let i = 0; i < tries / bases.length; i++) {
      const mutation = mutated(raw, random);
      await writeFile(path, mutation.bytes);
      const told = `${name}, ${i}, ${mutation.what}`;
      const after = await reading(path).catch((error) => {
        throw new Error(`${told}: ${error instanceof Error ? error.stack : error}`);
      });
      if ("sentence" in after) {
        counts.refused++;
        expect(after.sentence.length, `${told}: ${after.sentence}`).toBeLessThan(700);
        expect(after.sentence, told).toMatch(/^[^\n]+: [^\n]+\.$/);
        expect(isOneLine(after.sentence), `${told}: ${after.sentence}`).toBe(true);
      } else if (after.meaning === before.meaning) counts.same++;
      else {
        counts.another++;
        if (!mayDiffer(mutation))
          throw new Error(`${told}: opens as another model\n${difference(before.meaning, after.meaning)}`);
      }
    }
  }
  console.log(
    `${tries} headers: ${counts.same} as before, ${counts.another} another model, ${counts.refused} refused`,
  );
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(tries / 20);
});

/** Where two texts part. */
function difference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at]) at++;
  return `${a.slice(Math.max(0, at - 60), at + 60)}\n${b.slice(Math.max(0, at - 60), at + 60)}`;
}
