// Asks llama.cpp (npm node-llama-cpp) what it makes of the models of families.ts, expanded to F32, and writes
// test/fixtures/golden/families.json. By hand, with Node 22.18 or later:
//   node test/reference/make_family_goldens.ts PATH/node_modules/node-llama-cpp/dist/index.js
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { families, familyIds, familySeed } from "./families.ts";
import { writeModel } from "./write_model.ts";

const greedyTokens = 24;
/** The last rows, whose logits are written whole. */
const wholeRows = 2;

const entry = process.argv[2];
if (!entry) throw new Error("name node-llama-cpp's dist/index.js");
const { getLlama } = await import(pathToFileURL(resolve(entry)).href);
const llama = await getLlama({ gpu: false, build: "never", usePrebuiltBinaries: true, maxThreads: 1 });
const folder = await mkdtemp(join(tmpdir(), "foretype-goldens-"));
const goldens: Record<string, unknown> = {};
try {
  for (const { name, shape, typeOf } of families) {
    const path = join(folder, "model.gguf");
    await writeModel(path, shape, typeOf, familySeed, { expanded: true });
    const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
    const context = await model.createContext({
      contextSize: 256,
      flashAttention: false,
      sequences: 1,
      threads: 1,
      experimentalKvCacheKeyType: "F32",
      experimentalKvCacheValueType: "F32",
    });
    const sequence = context.getSequence();
    const rows = async (ids: readonly number[]): Promise<number[][]> => {
      const next = { generateNext: { logits: true, token: true, options: { temperature: 0 } } };
      const found = await sequence.controlledEvaluate(ids.map((id) => [id, next]));
      return found.map(({ next: { logits } }: { next: { logits: Map<number, number> } }) =>
        Array.from({ length: shape.vocabulary }, (_, id) => logits.get(id)!),
      );
    };
    const best = (row: readonly number[]): number => row.indexOf(Math.max(...row));
    const first = await rows(familyIds(shape));
    const greedy = [best(first.at(-1)!)];
    while (greedy.length < greedyTokens) greedy.push(best((await rows([greedy.at(-1)!]))[0]!));
    goldens[name] = {
      best: first.map(best),
      greedy,
      last: first.slice(-wholeRows).map((row) => row.map((value) => Number(value.toPrecision(8)))),
    };
    await context.dispose();
    await model.dispose();
  }
} finally {
  await rm(folder, { recursive: true });
}
const target = join(import.meta.dirname, "../fixtures/golden/families.json");
const text = { llamaCpp: llama.llamaCppRelease, ...goldens };
await writeFile(target, `${JSON.stringify(text)}\n`);
await llama.dispose();
process.exit(0); // its worker threads would keep the process
