// Compares a whole model with llama.cpp: the logits of every position of prompts, and greedy tokens after them. By hand,
// with node-llama-cpp 3.22.1; 20 prompts of 64 tokens take minutes:
//   node test/reference/compare_model.mjs FOLDER_OF_NODE_LLAMA_CPP MODEL [REFERENCE] [lavapipe]
// REFERENCE is the same model in F32: llama.cpp quantises the activations of others on a CPU, which costs it digits.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Session } from "../../engine/generate/index.ts";
import { openGpu } from "../../engine/gpu/index.ts";
import { loadModel } from "../../engine/model/index.ts";
import { openModelFile } from "../../engine/model_file/index.ts";
import { relativeL2 } from "../gpu/support/compare.ts";
import { argMaxes, collect, evaluate } from "../gpu/support/models.ts";
import { openPeer } from "./peer.ts";

const PROMPTS = 20;
const LENGTH = 48; // tokens of a prompt
const GREEDY = 64;
const CORPUS = "test/fixtures/corpus";

const [folder, path, reference = path, device = "lavapipe"] = process.argv.slice(2);
if (!folder || !path || !reference) {
  console.error("Say where node-llama-cpp is, then the model: see the head of this file");
  process.exit(2);
}
const llama = await openPeer(folder);
const peer = await llama.loadModel({ modelPath: reference, gpuLayers: 0 });

const file = await openModelFile(path);
const { vocabulary } = file.h;
const texts = readdirSync(CORPUS, { recursive: true, encoding: "utf8" })
  .map((name) => join(CORPUS, name))
  .filter((name) => statSync(name).isFile() && !/LICENSE/.test(name))
  .map((name) => readFileSync(name, "utf8"))
  .filter((text) => text.length > 4000);
const prompts = Array.from({ length: PROMPTS }, (_, i) => {
  const text = texts[Math.floor((i * texts.length) / PROMPTS)]!;
  const start = text.indexOf("\n", 1500 + 20 * i) + 1;
  return file.tokenizer.encode(text.slice(start, start + 1000), { special: false }).slice(0, LENGTH);
});

const theirs: { rows: Float32Array; greedy: number[]; gaps: number[] }[] = [];
for (const ids of prompts) {
  const context = await peer.createContext({
    contextSize: 256,
    flashAttention: false,
    threads: 1,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const sequence = context.getSequence();
  const next = { generateNext: { logits: true, token: true, options: { temperature: 0 } } };
  const run = async (some: readonly number[]) => {
    const found = await sequence.controlledEvaluate(some.map((id) => [id, next]));
    return found.map(({ next: { logits } }: { next: { logits: Map<number, number> } }) => {
      const row = new Float32Array(vocabulary);
      for (const [id, value] of logits) row[id] = value;
      return row;
    }) as Float32Array[];
  };
  const rows = await run(ids);
  const greedy: number[] = [];
  const gaps: number[] = []; // between the two best
  for (let row = rows.at(-1)!; ; row = (await run([greedy.at(-1)!]))[0]!) {
    const [first, second] = [...row].sort((a, b) => b - a);
    gaps.push(first! - second!);
    greedy.push(row.indexOf(first!));
    if (greedy.length === GREEDY) break;
  }
  theirs.push({ rows: Float32Array.from(rows.flatMap((row) => [...row])), greedy, gaps });
  await context.dispose();
}

const gpu = await openGpu({ device });
const model = await loadModel(gpu, file.file, undefined, file.h);
for (const kvType of ["f32", "f16"] as const) {
  const session = new Session(gpu, model, { context: 256, kvType, mtp: false });
  const errors: number[] = [];
  let same = 0;
  let best = 0;
  const apart: string[] = [];
  for (const [i, ids] of prompts.entries()) {
    const { rows, greedy, gaps } = theirs[i]!;
    const { logits } = await evaluate(session.evaluator, ids, "prompt", [ids.length]);
    errors.push(relativeL2(logits, rows));
    const [ours, other] = [argMaxes(logits, vocabulary), argMaxes(rows, vocabulary)];
    best += ours.filter((id, row) => id === other[row]).length;
    session.forget();
    const draws = (await collect(session.generate(ids, { maxTokens: GREEDY }))).map(({ token }) => token);
    const until = draws.findIndex((token, at) => token !== greedy[at]);
    if (until === -1) same++;
    else
      apart.push(
        `prompt ${i}: after ${until} tokens, where llama.cpp's two best are ${gaps[until]!.toFixed(4)} apart`,
      );
  }
  errors.sort((a, b) => a - b);
  console.log(
    `${kvType} KV: logits of ${prompts.length} prompts, relative L2 median ${errors[PROMPTS >> 1]!.toExponential(2)}, most ${errors.at(-1)!.toExponential(2)}; best token equal at ${best} of ${PROMPTS * LENGTH}; ${GREEDY} greedy tokens equal on ${same} of ${PROMPTS}`,
  );
  for (const line of apart) console.log(`  ${line}`);
  session.free();
}
process.exit(0);
