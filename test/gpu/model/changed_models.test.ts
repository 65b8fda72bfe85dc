import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { Session } from "../../../engine/generate/index.ts";
import { loadModel } from "../../../engine/model/index.ts";
import { openModelFile } from "../../../engine/model_file/index.ts";
import { mayDiffer, mutated } from "../../reference/mutate_gguf.ts";
import { type Random, seededRandom } from "../../reference/random.ts";
import { type RawGguf, rawGgufBytes, readRawGguf } from "../../reference/read_gguf.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, fixtures, temporaryFolder } from "../support/models.ts";

// Changed models, computed with: test/fuzz/ opens them only. What loads gives tokens, or a sentence: also where weights are any
// bits, and in the profile that checks no bounds.
const tries = Number(process.env.FORETYPE_TORTURE ?? 0);

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

for (const profile of ["safe", "fast"] as const)
  for (const quant of ["Q8_0", "Q4_K_M"])
    eachDevice((bed, device) => {
      test.skipIf(tries === 0 || device === "swiftshader")(
        `a changed ${quant} gives the tokens that it gave before, others where it may, or a sentence`,
        async () => {
          const seed = testSeed(777);
          const random = seededRandom(seed);
          await using folder = await temporaryFolder();
          const path = folder.at("model.gguf");
          const bytes = await readFile(join(fixtures, `models/micro-${quant}.gguf`));
          const raw = readRawGguf(bytes);

          /** Ids after a prompt; undefined where the model or its text is refused. */
          const text = async (file: Uint8Array): Promise<number[] | undefined> => {
            await writeFile(path, file);
            try {
              const open = await openModelFile(path);
              await using source = open.file;
              const model = await loadModel(bed().gpu, source, undefined, open.h);
              const session = new Session(bed().gpu, model, { context: 64, kvType: "f32" });
              try {
                const draws = await collect(session.generate([70, 71, 72, 73, 74], { maxTokens: 6 }));
                return draws.map(({ token }) => token);
              } finally {
                session.free();
                model.free();
              }
            } catch (error) {
              if (error instanceof UserError) return undefined;
              throw error;
            }
          };

          const before = await text(bytes);
          expect(before).toHaveLength(6);
          const counts = { same: 0, another: 0, refused: 0 };
          for (let i = 0; i < tries; i++) {
            const { what, bytes: file, isSame } = changed(raw, random);
            const after = await text(file).catch((error) => {
              throw new Error(`seed ${seed}, ${i}: ${what}: ${error instanceof Error ? error.stack : error}`);
            });
            if (after === undefined) counts.refused++;
            else if (after.join() === before!.join()) counts.same++;
            else counts.another++;
            if (after && isSame) expect(after, `seed ${seed}, ${i}: ${what}`).toEqual(before);
          }
          console.log(`${tries} changed ${quant}, ${profile}: ${JSON.stringify(counts)}`);
        },
        3_600_000,
      );
    }, profile);
