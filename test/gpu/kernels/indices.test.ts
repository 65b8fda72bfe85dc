// Numbers by which kernels index memory, out of range, in the profile without bounds checks (NETWORK.md 10 lists them). Each has to
// act as the largest that is in range does, or as none, and nothing beside a binding may change. Software devices may drop such
// accesses by themselves: what a clamp makes of them shows in any case.
import { afterEach, expect, test } from "vitest";
import { type KernelSource, u32 } from "../../../engine/gpu/index.ts";
import {
  createDraftBuffers,
  createDrawBuffers,
  draftWords,
  greedy,
  maxRows,
  recordAccept,
  recordCandidates,
  recordDraftStep,
  ropeTable,
  type SequenceMemory,
  samplingWords,
  stepState,
  stepWords,
  tapeRows,
} from "../../../engine/model/index.ts";
import { recordAttention } from "../../../engine/model/layers/attention.ts";
import { recordDraftHead, recordEmbedding, recordMatmul } from "../../../engine/model/layers/matmul.ts";
import { matricesOffered } from "../../../engine/model/layers/matmul_matrices.ts";
import { pieceLayout, repackKernel } from "../../../engine/model/repack.ts";
import stepShader from "../../../shaders/common/step_state.wgsl";
import routeShader from "../../../shaders/experts/expert_route.wgsl";
import routingShader from "../../../shaders/experts/routing.wgsl";
import { seededRandom } from "../../reference/random.ts";
import { deltaScene, runDeltaLayer } from "../support/delta_layer.ts";
import { eachDevice } from "../support/devices.ts";
import { GuardedBed } from "../support/guarded_bed.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder } from "../support/lane_rows.ts";
import { layerPass, noWeights, poisonedWorkspace, shapes } from "../support/layers.ts";
import { poison, withLanes } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

const MOST = 2 ** 32 - 1;
const bitsOf = (floats: Float32Array): Uint32Array =>
  new Uint32Array(floats.buffer, floats.byteOffset, floats.length);

eachDevice((bed) => {
  let guarded: GuardedBed | undefined;
  const guard = (): GuardedBed => {
    guarded = new GuardedBed(bed().gpu);
    return guarded;
  };
  afterEach(() => guarded?.freeBuffers());

  /** What a run leaves with fields of the step state as they are given. */
  async function left<T>(
    wrong: Readonly<Record<string, number>>,
    run: (on: GuardedBed) => Promise<T>,
  ): Promise<T> {
    const on = guard();
    on.wrong = wrong;
    const result = await run(on);
    expect(await on.touched(), JSON.stringify(wrong)).toEqual([]);
    on.freeBuffers();
    return result;
  }

  /** Two numbers that have to give the same: one out of range, and what it is taken for. */
  async function same<T>(
    run: (on: GuardedBed) => Promise<T>,
    cases: readonly (readonly [
      wrong: Readonly<Record<string, number>>,
      taken: Readonly<Record<string, number>>,
    ])[],
  ): Promise<void> {
    for (const [wrong, taken] of cases)
      expect(await left(wrong, run), JSON.stringify(wrong)).toEqual(await left(taken, run));
  }

  for (const kind of ["rows", "prompt"] as const)
    test(`rows, replayed rows and slots of a delta net, ${kind}`, async () => {
      const h = shapes({
        attention: { headSize: 32, heads: 2, kvHeads: 1 },
        delta: { headSize: 32, keyHeads: 1, valueHeads: 2 },
      });
      const scene = deltaScene(
        h,
        { position: 100, rows: maxRows, slotCount: 3, slot: 2 },
        seededRandom(1500),
      );
      const run = async (on: GuardedBed) =>
        Object.values(await runDeltaLayer(on, kind, scene)).map((floats) => bitsOf(floats));
      const last = scene.slotCount - 1;
      await same(run, [
        [{ rows: MOST }, { rows: maxRows }],
        [
          { slot: MOST, to: 0 },
          { slot: last, to: 0 },
        ],
        [{ to: MOST }, { to: last }],
        [
          { slot: 3, to: 3 },
          { slot: last, to: last },
        ],
        ...(kind === "rows" ? [[{ replay: MOST }, { replay: tapeRows }] as const] : []),
      ]);
    });

  test("the position of keys and values", async () => {
    const context = 128;
    const h = shapes({ attention: { headSize: 32, heads: 2, kvHeads: 1 } });
    const random = seededRandom(1501);
    const proj = normals(6 * 32, random);
    const cache = normals(context * 32, random);
    const norm = normals(32, random);
    const run = async (on: GuardedBed) => {
      const w = poisonedWorkspace(on, h, context);
      on.write(w.proj, proj);
      const kv = { keys: on.upload(cache), values: on.upload(cache) };
      const memory: SequenceMemory = {
        context,
        kvType: "f32",
        kv: [],
        recurrent: [],
        hidden: w.x,
        rope: on.upload(ropeTable(h.attention, context)),
      };
      const layer = {
        kind: "attention",
        qkv: noWeights(h.embedding, 6 * 32),
        inputs: { q_norm: on.upload(norm), k_norm: on.upload(norm) },
        output: noWeights(64, h.embedding),
      } as const;
      on.setStep(0, 1);
      await on.run(
        (to) => {
          const pass = layerPass(on, to, { kind: "rows", width: 1 }, { h, workspace: w, memory });
          recordAttention(pass, layer, { x: w.normed }, kv);
        },
        { positions: context },
      );
      const out = (await on.words(w.mixerOut)).subarray(0, 64);
      return [out, await on.words(kv.keys), await on.words(kv.values)];
    };
    const last = { position: context - 1 };
    await same(run, [
      [{ position: context }, last],
      [{ position: 2 ** 31 }, last],
      [{ position: MOST }, last],
    ]);
  });

  for (const kind of ["rows", "prompt", "prompt by subgroup matrices"] as const)
    test(`rows of a product, ${kind}: those that the plan was recorded for are written`, async ({ skip }) => {
      const [columns, n, width] = [64, 40, 5];
      const byMatrices = kind === "prompt by subgroup matrices";
      const gpuOf = (on: GuardedBed) => (byMatrices ? withLanes(on.gpu, "several") : on.gpu);
      const [variant] = byMatrices ? matricesOffered(gpuOf(guard())) : [];
      if (byMatrices && !variant) skip(`${bed().gpu.description} offers no subgroup matrices`);
      const path = { kind: kind === "rows" ? kind : "prompt", width } as const;
      const run = (last: boolean) => async (on: GuardedBed) => {
        const random = seededRandom(1502);
        const { matrix } = await loadMatrix(on, columns, [{ type: "Q8_0", rows: n }], random);
        const x = on.upload(normals(maxRows * columns, random));
        const out = on.poisoned((last ? 1 : width) * n);
        on.setStep(0, width);
        const options = { x, out, last, ...(variant && !last && { variant }) };
        await on.run((to) => recordMatmul(on.rows(to, path), matrix, options), { gpu: gpuOf(on) });
        return on.words(out);
      };
      await same(run(false), [[{ rows: MOST }, { rows: width }]]);
      await same(run(true), [[{ rows: MOST }, { rows: maxRows }]]);
    });

  test("ids of the embedding and of the draft head", async () => {
    const [columns, n] = [64, 40];
    const random = seededRandom(1503);
    const on = guard();
    const { matrix, values } = await loadMatrix(on, columns, [{ type: "F32", rows: n }], random);
    const table = values();
    const x = on.poisoned(3 * columns);
    on.setStep(0, [MOST, n, n - 1]);
    await on.run((to) => recordEmbedding(on.rows(to, { kind: "rows", width: 3 }), matrix, x));
    const words = await on.words(x);
    expect(words.subarray(0, 2 * columns).every((word) => word === poison)).toBe(true);
    const looked = fromLaneOrder(await on.floats(x), columns);
    expect([...looked.subarray(2 * columns)]).toEqual([...table.subarray((n - 1) * columns)]);

    const ids = on.upload(Uint32Array.of(n, 2 ** 31, MOST, 3));
    const out = on.poisoned(4);
    const hidden = on.upload(normals(maxRows * columns, random));
    on.wrong = { rows: MOST, position: MOST };
    on.setStep(0, 1);
    await on.run((to) =>
      recordDraftHead(on.rows(to, { kind: "rows", width: 1 }), matrix, {
        x: hidden,
        xRing: maxRows,
        ids,
        out,
      }),
    );
    const scores = await on.floats(out);
    expect([...bitsOf(scores).subarray(0, 2)]).toEqual([poison, poison]);
    expect(scores[2]).toBe(Math.fround(-3e38));
    expect(Number.isFinite(scores[3])).toBe(true);
    expect(await on.touched()).toEqual([]);
  });

  test("rows, ends and filters of sampling", async () => {
    const [vocabulary, rows] = [5_000, 3];
    const logits = normals(rows * vocabulary, seededRandom(1504));
    const ends = (count: number) => {
      const words = samplingWords({ ...greedy, topK: count }, []);
      words[5] = count; // end_count
      return words;
    };
    const run = (count: number) => async (on: GuardedBed) => {
      const buffers = createDrawBuffers(on.gpu, vocabulary, rows);
      for (const buffer of Object.values(buffers)) on.keep(buffer);
      for (const buffer of [buffers.record, buffers.threshold, buffers.partials, buffers.confidence])
        on.write(buffer, new Uint32Array(buffer.size / 4).fill(poison)); // the fast profile clears no memory
      on.write(buffers.logits, logits);
      on.write(buffers.sampling, ends(count));
      on.setStep(7, [1, 2, 3], { budget: MOST });
      await on.run((to) => {
        const pass = { ...on.rows(to, { kind: "rows", width: rows }), stores: 0 };
        recordCandidates(pass, vocabulary, buffers, { sampled: true });
        recordAccept(pass, vocabulary, buffers);
      });
      const [mtp, step] = [await on.words(buffers.mtp), await on.words(on.step)];
      return [
        await on.words(buffers.record),
        mtp.subarray(0, stepState.words),
        step.subarray(0, stepState.words),
      ];
    };
    await same(run(0), [[{ rows: MOST }, { rows }]]);
    expect(await left({}, run(MOST))).toEqual(await left({}, run(0)));
  });

  test("depth, tail and rows of a chain of drafts", async () => {
    const size = 64;
    const on = guard();
    const draw = createDrawBuffers(on.gpu, size, 1);
    const draft = createDraftBuffers(on.gpu, size, size);
    for (const buffer of [...Object.values(draw), ...Object.values(draft)]) on.keep(buffer);
    const settings = draftWords({ most: 1, cut: [], acceptance: new Array(16).fill(1) });
    settings.set([MOST, 1, MOST]); // most, agree, tail_count
    settings.fill(MOST, 3 + maxRows + 16, 3 + 2 * maxRows + 16); // tail
    on.write(draft.settings, settings);
    on.write(draft.logits, normals(size, seededRandom(1505)));
    on.write(draft.ids, new Uint32Array(size).fill(MOST));
    for (const rows of [1, maxRows, maxRows + 1, MOST]) {
      on.wrong = { rows };
      on.setStep(3, 1, { budget: MOST });
      on.write(draw.mtp, stepWords(4, [5]));
      await on.run((to) => recordDraftStep(on.rows(to, { kind: "rows", width: 1 }), draw, draft));
      const step = await on.words(on.step);
      expect(step[stepState.at("rows")], `${rows}`).toBe(rows === 1 ? maxRows : rows);
    }
    expect(await on.touched()).toEqual([]);
  });

  test("rows of the experts' groups", async () => {
    const [count, used] = [5, 2];
    const source: KernelSource = {
      name: "expert_route groups",
      parts: [stepShader, routingShader, routeShader],
      constants: {
        COUNT: u32(count),
        USED: u32(used),
        STRIDE: u32(count),
        SHARED: "false",
        PICKS: "false",
        GROUPS: "true",
        TEAMS: u32(4),
        ROUNDS: u32(1),
        PAIRS: u32(used * maxRows),
      },
    };
    // As shaders/experts/routing.wgsl has it: groups, picks, pairs, and how many experts are in use.
    const [groups, picks] = [4 * count, 2 * (used + 1) * maxRows];
    const run = async (on: GuardedBed) => {
      const words = new Uint32Array(groups + picks + used * maxRows + 4).fill(poison);
      for (let i = 0; i < picks / 2; i++) words[groups + 2 * i] = i % count;
      const [routing, logits] = [on.upload(words), on.poisoned(count * maxRows)];
      on.setStep(0, 1);
      await on.run((to) => to.dispatch(source, { routing, logits, step: on.step }, [1]));
      return await on.words(routing);
    };
    await same(run, [[{ rows: MOST }, { rows: maxRows }]]);
  });

  test("the piece of a matrix that is repacked", async () => {
    const on = guard();
    const [blocks, bytes] = [8, 34];
    const staged = on.upload(
      Uint32Array.from({ length: (blocks * bytes) / 4 + 4 }, (_, i) => i * 2654435761),
    );
    const [words, scales] = [on.poisoned(8 * blocks), on.poisoned(blocks / 2)];
    const run = async (first: number, count: number) => {
      const piece = on.upload(pieceLayout.write({ first, blocks: count }));
      const buffers = { staged, words, scales, piece };
      await on.run((to) => to.dispatch(repackKernel("Q8_0"), buffers, [4]));
      return [...(await on.words(words)), ...(await on.words(scales))];
    };
    for (const first of [blocks, 2 ** 31, MOST - 1])
      expect(
        (await run(first, blocks)).every((word) => word === poison),
        `${first}`,
      ).toBe(true);
    const all = await run(0, MOST);
    expect(all).toEqual(await run(0, blocks));
    expect(all).not.toContain(poison);
    expect(await on.touched()).toEqual([]);
  });
}, "fast");
