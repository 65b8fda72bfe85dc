import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import {
  drain,
  type GenerateOptions,
  memoryNeeds,
  needsOf,
  openSession,
  Session,
  type SessionSettings,
} from "../../../engine/generate/index.ts";
import { type GgufFile, openGguf } from "../../../engine/gguf/index.ts";
import { type Gpu, type GpuCounters, openGpu } from "../../../engine/gpu/index.ts";
import {
  createDrawBuffers,
  type Draw,
  greedy,
  loadModel,
  type Model,
  readRecord,
  recordDraw,
  type Sampling,
  samplingWords,
  stepWords,
} from "../../../engine/model/index.ts";
import { createTokenizer, vocabularyFrom } from "../../../engine/text/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, copyModel, fixtures, miniModel, temporaryFolder } from "../support/models.ts";
import { withProperties } from "../support/test_bed.ts";

const context = 96;
const seed = 90210;

/** Ids that the embedded model has; longer than a pass, so that it is cut. */
const prompt = (() => {
  const random = seededRandom(seed);
  return Array.from({ length: 70 }, () => Math.floor(random() * 4000));
})();
const short = prompt.slice(0, 9);
const warm: Sampling = { temperature: 0.9, topK: 40, topP: 0.95, minP: 0.02, seed: 1 };

const tokensOf = (draws: readonly Draw[]): number[] => draws.map(({ token }) => token);

eachDevice((bed, device) => {
  let file: GgufFile;
  let model: Model;
  let session: Session;
  const generate = async (options: GenerateOptions, ids: readonly number[] = short) =>
    collect(session.generate(ids, options));
  /** What the session made of `short` before anything else happened to it. */
  let first: Draw[];

  beforeAll(async () => {
    file = await openGguf(miniModel);
    model = await loadModel(bed().gpu, file);
    session = new Session(bed().gpu, model, { context });
    first = await generate({ maxTokens: 10 });
  });
  afterAll(async () => {
    session.free();
    model.free();
    await file.close();
  });

  describe("steady state", () => {
    for (const [name, sampling] of Object.entries({ greedy, sampled: warm })) {
      test(`${name}: a generation makes nothing, submits once a step and reads back at most 1 KiB a step (I4)`, async () => {
        await generate({ maxTokens: 8, sampling }, prompt);
        const { gpu } = bed();
        const before = { ...gpu.counters };
        const held = gpu.bytesHeld();
        const generation = session.generate(prompt, { maxTokens: 20, sampling });
        const draws = await collect(generation);
        const { timings } = generation.soFar;
        const made = (counter: keyof GpuCounters) => gpu.counters[counter] - before[counter];
        expect(draws).toHaveLength(20);
        expect({
          buffers: made("buffers"),
          bindGroups: made("bindGroups"),
          pipelines: made("pipelines"),
        }).toEqual({
          buffers: 0,
          bindGroups: 0,
          pipelines: 0,
        });
        expect(made("submits")).toBe(timings.promptSubmits + 20);
        expect(made("bytesReadBack") / 20).toBeLessThanOrEqual(1024);
        expect(gpu.bytesHeld()).toEqual(held);
        expect(timings).toMatchObject({ promptTokens: 70, tokens: 20, steps: 20 });
      });
    }

    test("a prepared session compiles nothing more", async () => {
      const other = new Session(bed().gpu, model, { context });
      await other.prepare(true);
      const { pipelines, bindGroups } = bed().gpu.counters;
      await collect(other.generate(prompt, { maxTokens: 3, sampling: warm }));
      other.free();
      expect(bed().gpu.counters).toMatchObject({ pipelines, bindGroups });
    });
  });

  describe("sampling", () => {
    test("the same seed gives the same text, another seed another", async () => {
      const one = await generate({ maxTokens: 10, sampling: warm });
      expect(await generate({ maxTokens: 10, sampling: warm })).toEqual(one);
      const other = await generate({ maxTokens: 10, sampling: { ...warm, seed: 2 } });
      expect(tokensOf(other)).not.toEqual(tokensOf(one));
    });

    test("the text is that of a loop that waits for each token", async () => {
      for (const sampling of [greedy, warm]) {
        const waited = await stepByStep(sampling, 10);
        expect(await generate({ maxTokens: 10, sampling }, prompt)).toEqual(waited);
      }
    });

    /** One pass at a time, each submitted when the record of the one before has been read. */
    async function stepByStep(sampling: Sampling, maxTokens: number): Promise<Draw[]> {
      const { evaluator } = session;
      const { gpu, workspace } = evaluator;
      const draw = createDrawBuffers(gpu, model.h.vocabulary, 1);
      const sampled = sampling.temperature > 0;
      const suffix = `step by step ${sampling.seed}`; // not the session's plan: that one draws into its own buffers
      const plan = await evaluator.plan(suffix, { kind: "rows", width: 1 }, (pass) => {
        evaluator.recordPass(pass);
        recordDraw(pass, model, draw, { sampled });
      });
      gpu.device.queue.writeBuffer(draw.sampling, 0, samplingWords(sampling, []));
      session.forget();
      for (const piece of [prompt.slice(0, 64), prompt.slice(64, -1)])
        await evaluator.pass(piece, { kind: "prompt", logits: "none" });
      const last = stepWords(prompt.length - 1, prompt.slice(-1), { budget: maxTokens });
      gpu.device.queue.writeBuffer(workspace.step, 0, last);
      const draws: Draw[] = [];
      while (draws.length < maxTokens) {
        evaluator.run(plan, { positions: prompt.length + draws.length, replay: 0 });
        draws.push(readRecord(new Uint32Array(await gpu.read(draw.record)))!.draws[0]!);
      }
      session.forget();
      for (const buffer of Object.values(draw)) gpu.free(buffer);
      return draws;
    }
  });

  // What the CPU alone decides is the same on every device, and the slower one need not decide it again.
  const onOneDevice = describe.skipIf(device === "swiftshader");

  onOneDevice("generation ends", () => {
    test("at an end id, which is the last one drawn", async () => {
      const end = first[4]!.token;
      const at = first.findIndex(({ token }) => token === end);
      expect(await generate({ maxTokens: 10, endIds: [0, end] })).toEqual(first.slice(0, at + 1));
    });

    test("at an end id that is none of the sixteen that the GPU knows", async () => {
      const end = first[4]!.token;
      const at = first.findIndex(({ token }) => token === end);
      const unseen = [...Array(4096).keys()].filter((id) => first.every(({ token }) => token !== id));
      expect(await generate({ maxTokens: 10, endIds: [...unseen.slice(0, 20), end] })).toEqual(
        first.slice(0, at + 1),
      );
    });

    for (const maxTokens of [0, 1, 2]) {
      test(`after ${maxTokens} tokens where no more are wanted`, async () =>
        expect(await generate({ maxTokens })).toEqual(first.slice(0, maxTokens)));
    }

    test("where the context is full", async () => {
      const draws = await generate({ maxTokens: 1000 }, prompt);
      expect(draws.map(({ position }) => position)).toEqual(
        Array.from({ length: context - prompt.length }, (_, i) => prompt.length + i),
      );
    });

    test("at once where the prompt leaves room for one token", async () => {
      const ids = Array.from({ length: context - 1 }, (_, i) => prompt[i % prompt.length]!);
      expect(await generate({ maxTokens: 1000 }, ids)).toHaveLength(1);
    });
  });

  onOneDevice("a generation's result", () => {
    const resultOf = (options: GenerateOptions, ids: readonly number[] = short) =>
      drain(session.generate(ids, options));

    test("says why it ended, and counts its own tokens", async () => {
      const end = first[4]!.token;
      const at = first.findIndex(({ token }) => token === end);
      const results = [
        await resultOf({ maxTokens: 10, endIds: [end] }),
        await resultOf({ maxTokens: 3 }),
        await resultOf({ maxTokens: 1000 }, prompt),
        await resultOf({ maxTokens: 5, signal: AbortSignal.abort() }),
        await resultOf({ maxTokens: 0 }),
      ];
      expect(results.map(({ reason, timings }) => [reason, timings.promptTokens, timings.tokens])).toEqual([
        ["end", 9, at + 1],
        ["max-tokens", 9, 3],
        ["context-full", 70, context - 70],
        ["cancelled", 9, 0],
        ["max-tokens", 9, 0],
      ]);
    });

    test("comes too when the consumer leaves, and later generations do not change it", async () => {
      const left = session.generate(prompt, { maxTokens: 20 });
      for (let i = 0; i < 3; i++) await left.next();
      const { done, value } = await left.return();
      expect(done).toBe(true);
      expect(value).toMatchObject({ reason: "cancelled", timings: { promptTokens: 70, tokens: 3 } });
      const copy = structuredClone(value);
      await resultOf({ maxTokens: 5 });
      expect(value).toEqual(copy);
      expect(await left.next()).toEqual({ done: true, value: copy });
    });
  });

  onOneDevice("after a generation that did not end, the next one is right", () => {
    const otherIds = prompt.slice(20, 50).reverse();
    const next = async () => expect(await generate({ maxTokens: 10 })).toEqual(first);

    for (const taken of [1, 3]) {
      test(`the consumer leaves after ${taken}`, async () => {
        let count = 0;
        for await (const _ of session.generate(otherIds, { maxTokens: 20 })) if (++count === taken) break;
        await next();
      });

      test(`a signal aborts after ${taken}`, async () => {
        const controller = new AbortController();
        let count = 0;
        for await (const _ of session.generate(otherIds, { maxTokens: 20, signal: controller.signal })) {
          if (++count === taken) controller.abort();
        }
        expect(count).toBe(taken);
        await next();
      });
    }

    test("the signal was aborted before", async () => {
      expect(await generate({ maxTokens: 5, signal: AbortSignal.abort() })).toEqual([]);
      await next();
    });

    test("the consumer throws", async () => {
      const consume = async () => {
        for await (const { token } of session.generate(otherIds, { maxTokens: 20 }))
          throw new Error(`got ${token}`);
      };
      await expect(consume()).rejects.toThrow(/^got \d+$/);
      await next();
    });

    test("a second one was refused meanwhile", async () => {
      const running = session.generate(short, { maxTokens: 10 });
      const draws = [(await running.next()).value];
      await expect(generate({ maxTokens: 1 })).rejects.toThrow("one text at a time");
      for await (const draw of running) draws.push(draw);
      expect(draws).toEqual(first);
      await next();
    });
  });

  onOneDevice("a prompt that cannot be run is refused in one sentence", () => {
    const cases: [name: string, ids: number[], message: string][] = [
      ["empty", [], "The prompt is empty: give it at least one token."],
      [
        "too long",
        new Array<number>(96).fill(1),
        "The prompt has 96 tokens and the context holds 96, one of them for the answer: shorten the prompt or choose a larger context.",
      ],
      [
        "an id past the vocabulary",
        [1, 4096],
        "There is no token 4096: ids go from 0 to 4095 in this model.",
      ],
      ["a negative id", [-1], "There is no token -1: ids go from 0 to 4095 in this model."],
      ["half an id", [1.5], "There is no token 1.5: ids go from 0 to 4095 in this model."],
    ];
    for (const [name, ids, message] of cases) {
      test(name, async () => {
        const error = await generate({ maxTokens: 1 }, ids).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UserError);
        expect((error as UserError).message).toBe(message);
      });
    }
  });

  describe("memory", () => {
    for (const options of [
      { context: 96, kvType: "f16", drafts: "off" },
      { context: 320, kvType: "f32", drafts: "mtp", longest: 3, rollback: "planes" },
      { context: 96, kvType: "f16", drafts: "ngram", longest: 40, rollback: "replay" },
    ] satisfies SessionSettings[]) {
      test(`what is held is what was foreseen: ${JSON.stringify(options)}`, async () => {
        const { gpu } = bed();
        const before = gpu.bytesHeld();
        const another = await loadModel(gpu, file);
        const other = await openSession(gpu, another, createTokenizer(vocabularyFrom(file)), options);
        await collect(other.generate(prompt, { maxTokens: 2 }));
        const after = gpu.bytesHeld();
        const held = (category: keyof typeof after) => after[category] - before[category];
        const needs = memoryNeeds(file, another.h, needsOf(gpu, another.h, options));
        other.free();
        another.free();
        expect(gpu.bytesHeld()).toMatchObject({ ...before, tables: expect.any(Number) });
        expect(held("weights")).toBe(needs.weights);
        expect(held("kv")).toBe(needs.kv);
        expect(held("state")).toBe(needs.state);
        const scratch = held("activations") + held("tables") + held("staging");
        const unforeseen = 8192; // step states, small buffers of draws and drafts, readback, uniforms
        expect(scratch).toBeGreaterThanOrEqual(needs.scratch);
        expect(scratch).toBeLessThanOrEqual(needs.scratch + unforeseen);
      });
    }

    test("states of earlier prompts take nothing that the device does not have, and the text is the same", async () => {
      const snapshotsOf = async (gpu: Gpu): Promise<[draws: Draw[], bytes: number]> => {
        const other = new Session(gpu, model, { context });
        const before = gpu.bytesHeld().snapshots;
        const draws = await collect(other.generate(prompt, { maxTokens: 4 }));
        const bytes = gpu.bytesHeld().snapshots - before;
        other.free();
        return [draws, bytes];
      };
      const [draws, bytes] = await snapshotsOf(bed().gpu);
      expect(bytes).toBeGreaterThan(0);
      expect(await snapshotsOf(withProperties(bed().gpu, { freeBytes: 0 }))).toEqual([draws, 0]);
    });

    test("a model loads without its MTP block where there is no room for it, and holds what was foreseen for that", async () => {
      const { gpu } = bed();
      const h = { ...model.h, mtpLayers: 0 };
      const before = gpu.bytesHeld().weights;
      const another = await loadModel(gpu, file, undefined, h);
      const held = gpu.bytesHeld().weights - before;
      const other = new Session(gpu, another, { context });
      const draws = await collect(other.generate(short, { maxTokens: first.length }));
      other.free();
      another.free();
      expect(another.mtp).toBeUndefined();
      expect(held).toBe(
        memoryNeeds(file, h, needsOf(gpu, h, { context, kvType: "f16", drafts: "off" })).weights,
      );
      expect(draws).toEqual(first);
    });

    test("nothing is held when all is freed, but uniforms of a few bytes a shape", async () => {
      using gpu = await openGpu({ device });
      const after: number[] = [];
      for (let round = 0; round < 2; round++) {
        const another = await loadModel(gpu, file);
        const other = new Session(gpu, another, { context, mtp: true });
        await collect(other.generate(prompt.slice(0, 3), { maxTokens: 2 }));
        other.free();
        another.free();
        const { tables, ...rest } = gpu.bytesHeld();
        expect(rest).toEqual({ weights: 0, kv: 0, state: 0, snapshots: 0, activations: 0, staging: 0 });
        after.push(tables);
      }
      expect(after[0]).toBeLessThanOrEqual(4096);
      expect(after[1]).toBe(after[0]);
    });

    test("a file is read once, in pieces of 8 MiB at most, and each piece lands in its place", async () => {
      const rows = 33_000; // 8.6 MiB of Q8_0: two pieces
      const columns = 256;
      const table = randomBlocks("Q8_0", (rows * columns) / 32, seededRandom(seed));
      await using folder = await temporaryFolder();
      const path = folder.at("long.gguf");
      await copyModel(join(fixtures, "models", "micro-Q8_0.gguf"), path, {
        tensor: (tensor) => {
          if (tensor.name === "output.weight") return undefined; // tied
          return tensor.name === "token_embd.weight"
            ? { ...tensor, dims: [columns, rows], bytes: table }
            : tensor;
        },
      });
      await using long = await openGguf(path);
      const pieces: number[] = [];
      const read = (offset: number, target: Uint8Array) => {
        pieces.push(target.length);
        return long.read(offset, target);
      };
      const seen: [done: number, total: number][] = [];
      const { gpu } = bed();
      const before = gpu.bytesHeld();
      const loaded = await loadModel(gpu, { ...long, read }, (...progress) => seen.push(progress));
      const total = [...long.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      expect(Math.max(...pieces)).toBeLessThanOrEqual(8 << 20);
      expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
      expect(seen.at(-1)).toEqual([total, total]);
      expect(seen.every(([done], i) => done > (seen[i - 1]?.[0] ?? 0))).toBe(true);

      const { words, scales } = loaded.embedding.slabs[0]!.planes;
      const blocks = Buffer.from(table);
      const kept = {
        quants: Buffer.from(await gpu.read(words)),
        scales: Buffer.from(await gpu.read(scales!)),
      };
      for (let block = 0, at = 0; at < table.length; block++, at += 34) {
        const same =
          kept.scales.readUInt16LE(2 * block) === blocks.readUInt16LE(at) &&
          kept.quants.compare(blocks, at + 2, at + 34, 32 * block, 32 * block + 32) === 0;
        if (!same) expect.fail(`seed ${seed}: block ${block} is not the file's`);
      }
      loaded.free();
      expect(gpu.bytesHeld()).toEqual(before);
    });
  });

  // In a file they are found while it is loaded; here a device has lost them.
  describe("a weight that is no number ends generation with an error, not with tokens", () => {
    const nan = { f32: Uint8Array.of(0, 0, 0xc0, 0x7f), f16: Uint8Array.of(0, 0x7e, 0, 0x7e) };
    const row = 4001 * 8 * 2; // scales of an id that the prompt does not have
    type Place = (of: Model) => GPUBuffer;
    const headScales: Place = ({ head }) => head.slabs[0]!.planes.scales!;
    const cases: [what: string, place: Place, offset: number, bytes: Uint8Array, sampling: Sampling][] = [
      ["a norm of the first block", ({ blocks }) => blocks[0]!.mixerNorm, 8, nan.f32, greedy],
      ["the last norm", ({ outputNorm }) => outputNorm, 1020, nan.f32, greedy],
      ["one row of the head", headScales, row, nan.f16, greedy],
      ["one row of the head, sampled", headScales, row, nan.f16, warm],
    ];
    for (const [what, place, offset, bytes, sampling] of cases) {
      test(what, async () => {
        await using file = await openGguf(miniModel);
        const other = await loadModel(bed().gpu, file);
        bed().gpu.device.queue.writeBuffer(place(other), offset, bytes);
        const broken = new Session(bed().gpu, other, { context });
        for (let round = 0; round < 2; round++) {
          const draws = broken.generate(short, { maxTokens: 3, sampling });
          await expect(draws.next()).rejects.toThrow("The logits at position 9 are not finite");
        }
        broken.free();
        other.free();
      });
    }
  });
}, "fast");
