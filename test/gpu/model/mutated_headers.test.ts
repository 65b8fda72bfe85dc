import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { Session } from "../../../engine/generate/index.ts";
import { loadModel } from "../../../engine/model/index.ts";
import { openModelFile } from "../../../engine/model_file/index.ts";
import { mayDiffer, mutated } from "../../reference/mutate_gguf.ts";
import { seededRandom } from "../../reference/random.ts";
import { readRawGguf } from "../../reference/read_gguf.ts";
import { testSeed } from "../../reference/seed.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, fixtures, temporaryFolder } from "../support/models.ts";

// Headers with one thing changed, computed with: test/unit/model_file/mutated_headers.test.ts opens them only.
const tries = Number(process.env.FORETYPE_TORTURE ?? 0);

eachDevice((bed, device) => {
  test.skipIf(tries === 0 || device === "swiftshader")(
    "a model whose header has one thing changed gives the tokens that it gave before, or a sentence",
    async () => {
      const seed = testSeed(777);
      const random = seededRandom(seed);
      await using folder = await temporaryFolder();
      const path = folder.at("model.gguf");
      const bytes = await readFile(join(fixtures, "models/micro-Q8_0.gguf"));
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
        const mutation = mutated(raw, random);
        const after = await text(mutation.bytes);
        if (after === undefined) counts.refused++;
        else if (after.join() === before!.join()) counts.same++;
        else counts.another++;
        if (after && !mayDiffer(mutation))
          expect(after, `seed ${seed}, ${i}: ${mutation.what}`).toEqual(before);
      }
      console.log(`${tries} headers: ${JSON.stringify(counts)}`);
    },
    3_600_000,
  );
});
