import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { type Fit, fitSession, memoryNeeds, needsOf } from "../../../engine/generate/index.ts";
import { type OpenFile, openModelFile } from "../../../engine/model_file/index.ts";
import { PUBLISHED } from "../../fixtures/headers/models.ts";
import { seededRandom } from "../../reference/random.ts";
import { publishedFile, writeHeader } from "../../reference/write_header.ts";

// The 4B and the 27B as they are published, without their vocabularies, which no test here reads.
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const models = new Map<string, OpenFile>();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fit-"));
  for (const size of ["4B", "27B"]) {
    const model = PUBLISHED.find(({ name }) => name.startsWith("Qwen3.") && name.endsWith(size))!;
    const path = join(folder, `${model.name}-Q4_K_M.gguf`);
    await writeHeader(path, publishedFile(model, "Q4_K_M", true));
    models.set(size, await openModelFile(path));
  }
});
afterAll(async () => {
  for (const { file } of models.values()) await file.close();
  await rm(folder, { recursive: true });
});

const usual = { context: 8192, contextAsked: false, kvType: "f16", drafts: "auto" } as const;
type Wishes = Parameters<typeof fitSession>[2];

function tried(
  size: string,
  wishes: Partial<Wishes>,
  free: number,
  largestBuffer = Number.POSITIVE_INFINITY,
) {
  const { file, h } = models.get(size)!;
  return fitSession(file, h, { ...usual, ...wishes }, { free, largestBuffer });
}

/** Bytes that the wishes take, without snapshots; `mtp`: with the file's MTP block. */
function needed(size: string, wishes: Partial<Wishes>, mtp = true) {
  const { file, h } = models.get(size)!;
  const bare = mtp ? h : { ...h, mtpLayers: 0 };
  return memoryNeeds(file, bare, needsOf(undefined, bare, { ...usual, ...wishes }));
}

/** The least that any context from 2048 to 8192 takes: attention's splits make it grow in steps and fall between them. */
const leastNeeded = (size: string, wishes: Partial<Wishes>, mtp: boolean): number =>
  Math.min(
    ...Array.from({ length: 25 }, (_, i) => needed(size, { ...wishes, context: 2048 + 256 * i }, mtp).total),
  );

/** With the sentence of its fault, where it does not fit. */
const told = (fit: Fit) => ({ ...fit, sentence: refusal(fit) });

const refusal = (fit: Fit): string => (fit.fits ? "it fits" : sentenceOf(fit.fault));

function fitting(...parameters: Parameters<typeof tried>) {
  const found = tried(...parameters);
  if (!found.fits) throw new Error(sentenceOf(found.fault));
  const { context, snapshotBytes, drafts } = found.settings;
  return {
    ...{ context, snapshotBytes, drafts, mtp: found.h.mtpLayers > 0 },
    ...{ notes: found.notes, shortened: found.shortened },
  };
}

describe("what is given up, and in which order", () => {
  test("nothing where there is room, and where free memory is unknown", () => {
    const all = {
      context: 8192,
      snapshotBytes: 512 * MIB,
      drafts: "auto",
      mtp: true,
      notes: [],
      shortened: false,
    };
    expect(fitting("4B", {}, needed("4B", {}).total + 512 * MIB)).toEqual(all);
    expect(fitting("4B", {}, Number.POSITIVE_INFINITY)).toEqual(all);
  });

  test("first snapshots, down to one", () => {
    const { total, snapshot } = needed("4B", {});
    expect(fitting("4B", {}, total + 200 * MIB)).toMatchObject({
      context: 8192,
      snapshotBytes: 200 * MIB,
      mtp: true,
      notes: ["States of earlier prompts get 200.0 MiB instead of 512.0 MiB, which is what is left."],
      shortened: false,
    });
    expect(fitting("4B", {}, total + snapshot)).toMatchObject({ context: 8192, snapshotBytes: snapshot });
  });

  test("then the context, in steps of 256 positions down to 2048", () => {
    const { total, snapshot } = needed("4B", {});
    const one = fitting("4B", {}, total + snapshot - 1);
    expect(one).toMatchObject({ context: 7936, mtp: true, shortened: true });
    expect(one.notes[0]).toBe("The context is 7936 positions instead of 8192, which is what fits.");
    const least = fitting("4B", {}, leastNeeded("4B", {}, true) + snapshot);
    expect(least.mtp).toBe(true);
    expect([2048, 2304]).toContain(least.context);
  });

  test("then the MTP block, which makes room for context again, and drafts last", () => {
    const { snapshot } = needed("4B", {});
    const without = fitting("4B", {}, leastNeeded("4B", {}, true) + snapshot - 1);
    expect(without).toMatchObject({ drafts: "auto", mtp: false, shortened: true });
    expect(without.context).toBeGreaterThan(2304);
    expect(without.notes).toContain("The MTP block is not loaded: there is no room for it.");
    const bare = leastNeeded("4B", {}, false) + snapshot;
    expect(fitting("4B", {}, bare)).toMatchObject({ drafts: "auto", mtp: false });
    const none = fitting("4B", {}, bare - 1);
    expect(none).toMatchObject({ drafts: "off", mtp: false });
    expect(none.notes).toContain("Nothing is drafted: there is no room for it.");
    const last = leastNeeded("4B", { drafts: "off" }, false) + snapshot;
    expect(fitting("4B", {}, last)).toMatchObject({ drafts: "off" });
    expect(tried("4B", {}, last - 1)).toMatchObject({ fits: false });
  });

  test("states for each draft row are not even tried where only the tape fits", () => {
    const rollback = (free: number) => {
      const found = tried("27B", {}, free);
      return found.fits && found.settings.rollback;
    };
    const planes = needed("27B", { rollback: "planes" }).total + 512 * MIB;
    expect(needed("27B", { rollback: "planes" }).state - needed("27B", {}).state).toBe(3 * 144 * MIB);
    expect([rollback(planes), rollback(planes - 1)]).toEqual(["auto", "tape"]);
    expect(rollback(Number.POSITIVE_INFINITY)).toBe("auto");
  });

  test("a budget for snapshots that holds none is said to", () => {
    expect(fitting("27B", { snapshotBytes: 64 * MIB }, 100 * GIB).notes).toEqual([
      "States of earlier prompts may take 64.0 MiB and one takes 149.6 MiB, so none is kept.",
    ]);
  });

  test("a context below 2048 that is all the model has stays", () => {
    const { total } = needed("4B", { context: 512 });
    expect(tried("4B", { context: 512 }, total / 2)).toMatchObject({ fits: false });
    expect(fitting("4B", { context: 512 }, 2 * total)).toMatchObject({ context: 512 });
  });

  test("a choice always stays within what is free, and no less room ever gives more", () => {
    const seed = 20_261_121;
    const random = seededRandom(seed);
    const { total } = needed("27B", {});
    let last = { free: 0, context: 0, mtp: 0 };
    const frees = Array.from({ length: 200 }, () => random() * 1.2 * total).sort((a, b) => a - b);
    for (const free of frees) {
      const found = tried("27B", {}, free);
      if (!found.fits) {
        expect(last.context, `seed ${seed}: ${free} bytes are too few, ${last.free} were enough`).toBe(0);
        continue;
      }
      const { settings, needs, h } = found;
      expect(needs.total + settings.snapshotBytes, `seed ${seed}: ${free} bytes`).toBeLessThanOrEqual(free);
      const mtp = h.mtpLayers + +(settings.drafts === "auto");
      const more = mtp > last.mtp || settings.context >= last.context;
      expect(more, `seed ${seed}: ${free} bytes give less than ${last.free}`).toBe(true);
      last = { free, context: settings.context, mtp };
    }
    expect(last.context).toBe(8192);
  });
});

describe("what the user asked for stays", () => {
  test("a context: the sentence names the one that fits, and that one does", () => {
    const free = needed("4B", { context: 65_536, drafts: "off" }, false).total - 1;
    const asked = { context: 65_536, contextAsked: true };
    const found = tried("4B", asked, free);
    expect(found).toMatchObject({ fits: false });
    const [, most] = /context of 65536 and .* is free: choose a context of at most (\d+)\.$/.exec(
      refusal(found),
    )!;
    expect(fitting("4B", { ...asked, context: Number(most) }, free).context).toBe(Number(most));
  });

  test("drafts by the MTP block, and keys and values in f32", () => {
    const { total, snapshot } = needed("4B", { context: 2048, drafts: "mtp", kvType: "f32" });
    expect(fitting("4B", { drafts: "mtp", kvType: "f32" }, total + snapshot)).toMatchObject({ mtp: true });
    expect(tried("4B", { drafts: "mtp", kvType: "f32" }, total)).toMatchObject({ fits: false });
  });

  test("no snapshots", () => {
    const { total } = needed("4B", {});
    expect(fitting("4B", { snapshotBytes: 0 }, total)).toMatchObject({ snapshotBytes: 0, notes: [] });
  });
});

describe("a device's largest buffer", () => {
  test("bounds the context: keys of one layer are one buffer", () => {
    const row = 4 * 256 * 2; // bytes of a position's keys
    expect(fitting("27B", {}, Number.POSITIVE_INFINITY, 5000 * row)).toMatchObject({
      context: 4864,
      mtp: true,
    });
    const asked = { context: 262_144, contextAsked: true };
    expect(told(tried("27B", asked, Number.POSITIVE_INFINITY, 128 * MIB))).toMatchObject({
      fits: false,
      sentence:
        "Qwen3.6-27B-Q4_K_M.gguf needs buffers of 512.0 MiB with a context of 262144 and the device allows 128.0 MiB: choose a context of at most 65536.",
    });
  });
});

test("where memory and the largest buffer are both too small, the sentence is about memory", () => {
  const asked = { context: 262_144, contextAsked: true };
  expect(told(tried("27B", asked, 2 * GIB, 128 * MIB))).toMatchObject({
    sentence: expect.stringMatching(
      / GiB of GPU memory with a context of 262144 and 2\.0 GiB is free: choose /,
    ),
  });
});

describe("what would fit instead", () => {
  test("what is said to be needed is more than what is said to be free, by a byte too", () => {
    const least = leastNeeded("4B", { drafts: "off" }, false) + needed("4B", {}).snapshot;
    const [, needs, free] = /needs ([\d.]+) GiB .* and ([\d.]+) GiB is free/.exec(
      refusal(tried("4B", {}, least - 1)),
    )!;
    expect(Number(needs)).toBeGreaterThanOrEqual(Number(free));
  });

  test("the same model in fewer bits, while there are some", () => {
    expect(told(tried("27B", {}, 15.5 * GIB))).toMatchObject({
      fits: false,
      free: 15.5 * GIB,
      sentence: expect.stringMatching(
        /^Qwen3\.6-27B-Q4_K_M\.gguf needs 1\d\.\d GiB of GPU memory with a context of 2048 and 15\.5 GiB is free: choose the same model in IQ4_XS, which is about 1\d\.\d GiB, or a smaller one\.$/,
      ),
      smaller: { kind: "quant", quant: "IQ4_XS" },
    });
  });

  test("else a smaller model, by the parameters that fit", () => {
    const found = tried("27B", {}, 8 * GIB);
    expect(found).toMatchObject({ fits: false, smaller: { kind: "model" } });
    expect(refusal(found)).toMatch(
      /choose a smaller model, of 1\d\.\d billion parameters in Q4_K_M at most\.$/,
    );
    expect(told(tried("27B", {}, 1 << 20))).toMatchObject({
      sentence: expect.stringMatching(/choose a smaller model\.$/),
    });
  });
});
