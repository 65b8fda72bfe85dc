import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../engine/errors/index.ts";
import { Session } from "../../engine/generate/index.ts";
import { type Gpu, openGpu } from "../../engine/gpu/index.ts";
import { loadModel } from "../../engine/model/index.ts";
import { openModelFile } from "../../engine/model_file/index.ts";
import { mayDiffer, mutated } from "../reference/mutate_gguf.ts";
import type { Random } from "../reference/random.ts";
import { type RawGguf, rawGgufBytes, readRawGguf } from "../reference/read_gguf.ts";

// Changed models, computed with: test/fuzz/ opens them only. What loads gives tokens, or a sentence: also where weights are any
// bits, and in the profile that checks no bounds.

/** Of the fixtures. */
const QUANTS = ["Q8_0", "Q4_K_M", "Q4_0", "Q5_K_M", "Q6_K", "IQ4_XS"] as const;
const renewAfter = 500; // tries: changed shapes leave compiled kernels on a device

interface Changed {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Whether the tokens have to be those of before. */
  readonly isSame: boolean;
}

/** One thing of the header, or bytes of the weights: a run of random ones, of ones all, or a bit. */
function changed(raw: RawGguf, random: Random): Changed {
  if (random() < 0.6) {
    const mutation = mutated(raw, random);
    return { what: mutation.what, bytes: mutation.bytes, isSame: !mayDiffer(mutation) };
  }
  const data = Uint8Array.from(raw.data);
  const below = (limit: number): number => Math.floor(random() * limit);
  const [at, length] = [below(data.length), 1 + below(random() < 0.5 ? 4 : 4000)];
  const kind = below(3);
  for (let i = at; i < Math.min(data.length, at + length); i++)
    data[i] = kind === 0 ? below(256) : kind === 1 ? 255 : data[i]! ^ (1 << below(8));
  return {
    what: `${length} bytes of weights at ${at}`,
    bytes: rawGgufBytes({ ...raw, data }),
    isSame: false,
  };
}

/** Ids after a prompt, or the sentence with which the model or its text is refused. */
async function textOf(gpu: Gpu, path: string): Promise<string> {
  try {
    const open = await openModelFile(path);
    await using source = open.file;
    const model = await loadModel(gpu, source, undefined, open.h);
    try {
      const session = new Session(gpu, model, { context: 64, kvType: "f32" });
      try {
        const ids: number[] = [];
        for await (const { token } of session.generate([70, 71, 72, 73, 74], { maxTokens: 6 }))
          ids.push(token);
        return ids.join();
      } finally {
        session.free();
      }
    } finally {
      model.free();
    }
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Bytes on a device, but for tables: there are the uniforms of shapes, which stay as long as it does. */
const heldBy = (gpu: Gpu): number => {
  const { tables: _, ...held } = gpu.bytesHeld();
  return Object.values(held).reduce((sum, bytes) => sum + bytes, 0);
};

/** What became of a changed model: the tokens of before, other ones where the change may do that, or a sentence. */
export type Outcome = "same" | "another" | "refused";

/**
 * Computes with changed fixtures, each in the safe and in the fast profile of a device.
 * @param quants of the fixtures that are changed, each as often
 */
export function createChangedModels(device: string, quants: readonly string[] = QUANTS) {
  let gpus: readonly Gpu[] = [];
  let tries = 0;
  let folder: string | undefined;
  const sound = new Map<string, { readonly raw: RawGguf; readonly before: string }>();

  async function devices(): Promise<readonly Gpu[]> {
    if (tries++ % renewAfter === 0) {
      for (const gpu of gpus) gpu.close();
      gpus = [await openGpu({ device, safe: true }), await openGpu({ device, safe: false })];
    }
    return gpus;
  }

  /** The same of both profiles, and nothing is left on either. @throws Error otherwise */
  async function compute(bytes: Uint8Array, on: readonly Gpu[]): Promise<string> {
    folder ??= await mkdtemp(join(tmpdir(), "foretype-changed-"));
    const path = join(folder, "model.gguf");
    await writeFile(path, bytes);
    const texts: string[] = [];
    for (const gpu of on) {
      const before = heldBy(gpu);
      texts.push(await textOf(gpu, path));
      if (heldBy(gpu) !== before) throw new Error(`${heldBy(gpu) - before} bytes are left on the GPU`);
    }
    if (texts[0] !== texts[1]) throw new Error(`safe ${texts[0]}, fast ${texts[1]}`);
    return texts[0]!;
  }

  return {
    /** @throws Error where a changed model does anything else than it may */
    async one(random: Random, number: number): Promise<Outcome> {
      const on = await devices();
      const quant = quants[number % quants.length]!;
      if (!sound.has(quant)) {
        const bytes = await readFile(
          new URL(`../../test/fixtures/models/micro-${quant}.gguf`, import.meta.url),
        );
        const before = await compute(bytes, on);
        if (before.split(",").length !== 6) throw new Error(`${quant} gives ${before}`);
        sound.set(quant, { raw: readRawGguf(bytes), before });
      }
      const { raw, before } = sound.get(quant)!;
      const { what, bytes, isSame } = changed(raw, random);
      const after = await compute(bytes, on).catch((error: Error) => {
        throw new Error(`${quant}, ${what}: ${error.stack}`);
      });
      if (after === before) return "same";
      const isText = /^\d+(,\d+)*$/.test(after);
      if (isText && isSame) throw new Error(`${quant}, ${what}: ${after}, before ${before}`);
      return isText ? "another" : "refused";
    },
    async close(): Promise<void> {
      for (const gpu of gpus) gpu.close();
      if (folder) await rm(folder, { recursive: true });
    },
  };
}
