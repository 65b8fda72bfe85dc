import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyCosts } from "../../../engine/cli/bench/index.ts";
import { widths } from "../../../engine/generate/evaluator.ts";
import { Evaluator, Session } from "../../../engine/generate/index.ts";
import { measureCosts, notMeasured, widestEqual } from "../../../engine/generate/measure.ts";
import { Rounds } from "../../../engine/generate/rounds.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { loadModel, type Model } from "../../../engine/model/index.ts";
import { chooseRollback } from "../../../engine/state/index.ts";
import { eachDevice } from "../support/devices.ts";
import { collect, miniModel } from "../support/models.ts";
import { withLanes, withProperties } from "../support/test_bed.ts";

/** A signal that has aborted once it was looked at so often: for each kernel, and each width, something looks. */
function abortedAfter(looks: number): AbortSignal {
  let left = looks;
  const { signal } = new AbortController();
  return Object.defineProperty(signal, "aborted", { get: () => left-- <= 0 });
}

eachDevice((bed, device) => {
  let model: Model;
  beforeAll(async () => {
    await using file = await openGguf(miniModel);
    model = await loadModel(bed().gpu, file);
  });
  afterAll(() => model.free());

  test("before drafts are verified, wide passes are compared with narrow ones; what differs is not used (I3)", async () => {
    const evaluator = new Evaluator(bed().gpu, model, { context: 96 });
    const rounds = new Rounds(evaluator, 16);
    expect(await widestEqual(evaluator, rounds, 16)).toBe(16);
    expect(await widestEqual(evaluator, rounds, 3)).toBe(3);
    // A device whose passes of 16 rows are otherwise: one bit of one row's candidates.
    const candidates = rounds.candidates.bind(rounds);
    rounds.candidates = async (ids) => {
      const words = await candidates(ids);
      if (ids.length === 16) words[7]! ^= 1;
      return words;
    };
    expect(await widestEqual(evaluator, rounds, 16)).toBe(4);
    rounds.free();
    evaluator.free();
  });

  test("where a system resets GPUs, widths whose rounds would take too long are not used, and never run whole", async () => {
    const evaluator = new Evaluator(withProperties(bed().gpu, { isWatched: true }), model, { context: 96 });
    const rounds = new Rounds(evaluator, 16);
    const ran: number[] = [];
    const { runPaced } = evaluator;
    evaluator.runPaced = (plan, use, options) => {
      ran.push(use.positions);
      return runPaced.call(evaluator, plan, use, options);
    };
    const widest: number[] = [];
    const candidates = rounds.candidates.bind(rounds);
    rounds.candidates = (ids) => {
      widest.push(ids.length);
      return candidates(ids);
    };
    evaluator.msOf = () => (ran.at(-1)! < 4 ? 20 : 501);
    expect(await widestEqual(evaluator, rounds, 16)).toBe(2);
    expect(ran).toEqual([2, 4]);
    expect(Math.max(...widest)).toBe(2);
    rounds.free();
    evaluator.free();
  });

  test("what a first text needs is compiled before it; passes of other widths, later, change no bit (I3)", async () => {
    const { gpu } = bed();
    const session = new Session(gpu, model, { context: 96 });
    const text = async () => {
      session.forget();
      const ids = [279, 616, 347, 268, 497, 1141, 12, 44, 268, 497, 1141, 12];
      return collect(session.generate({ ids, base: 5 }, { maxTokens: 4 }));
    };
    await session.prepare();
    const { pipelines } = gpu.counters;
    const first = await text();
    expect(gpu.counters.pipelines).toBe(pipelines);
    expect(await session.prepareRest(AbortSignal.abort())).toBe(false);
    expect(await session.prepareRest()).toBe(true);
    expect(await text()).toEqual(first);
    session.free();
  });

  test("what a benchmark timed before leaves a session's text as it is: its rounds have plans of their own", async () => {
    const prompt = [279, 616, 347, 268, 497, 1141];
    const text = async (session: Session) => {
      session.forget();
      return collect(session.generate(prompt, { maxTokens: 8 }));
    };
    const untimed = new Session(bed().gpu, model, { context: 96 });
    const expected = await text(untimed);
    untimed.free();
    const session = new Session(bed().gpu, model, { context: 96 });
    await verifyCosts(session.evaluator, [1, 2]);
    expect(await text(session)).toEqual(expected);
    session.free();
  });

  test("costs are measured: positive, no wider pass cheaper than a narrower one", async () => {
    const evaluator = new Evaluator(bed().gpu, model, { context: 96, mtp: true });
    const rounds = new Rounds(evaluator, 5);
    expect(
      await measureCosts(evaluator, rounds, { rows: 5, mtp: true }, { signal: AbortSignal.abort() }),
    ).toBeUndefined();
    const measured = notMeasured();
    const run = (looks: number) =>
      measureCosts(evaluator, rounds, { rows: 5, mtp: true }, { signal: abortedAfter(looks), measured });
    let looks = 0;
    let costs = await run(looks);
    for (; !costs; costs = await run(looks)) looks += 30; // interrupted again and again, it goes on with what it has
    expect(looks).toBeGreaterThan(30);
    expect(measured.passes.map(({ rows }) => rows)).toEqual(widths.slice(0, measured.passes.length));
    expect(costs.verify(1)).toBeGreaterThan(0);
    for (const [narrow, wide] of [
      [1, 2],
      [2, 4],
      [4, 5],
      [5, 16],
    ] as const) {
      expect(costs.verify(wide)).toBeGreaterThanOrEqual(costs.verify(narrow));
    }
    expect(costs.link).toBeGreaterThanOrEqual(0);
    expect(costs.wait).toBeGreaterThanOrEqual(0);
    rounds.free();
    evaluator.free();
  });

  test("a session that may draft prepares itself, and its text is that of one that may not", async () => {
    const prompt = [279, 616, 347, 268, 497, 1141];
    const plain = new Session(bed().gpu, model, { context: 96 });
    const expected = await collect(plain.generate(prompt, { maxTokens: 8 }));
    plain.free();
    const session = new Session(bed().gpu, model, { context: 96, drafts: { mode: "mtp", longest: 3 } });
    await session.prepare();
    const gone = AbortSignal.abort();
    expect(await session.prepareDrafts(gone)).toBe(false);
    expect(await session.prepareDrafts()).toBe(true);
    expect(session.draftSources).toBe("mtp");
    expect(await collect(session.generate(prompt, { maxTokens: 8 }))).toEqual(expected);
    session.free();
  });

  test("a preparation of drafts that requests interrupt again and again ends, and costs none of them its text", async () => {
    const ids = Array.from({ length: 80 }, (_, i) => 279 + 3 * i);
    const prompt = { ids, base: 70 };
    const session = new Session(bed().gpu, model, { context: 128, drafts: { mode: "mtp", longest: 3 } });
    const expected = await collect(session.generate(prompt, { maxTokens: 3 }));
    let interrupted = 0;
    for (let done = false; !done; ) {
      done = await session.prepareDrafts(abortedAfter(30 * interrupted));
      if (done) break;
      interrupted++;
      const again = session.generate(prompt, { maxTokens: 3 });
      expect(await collect(again), `interrupted ${interrupted} times`).toEqual(expected);
      expect(again.soFar.timings.computedTokens).toBeLessThan(4);
    }
    expect(interrupted).toBeGreaterThan(2);
    session.free();
  });

  // Lavapipe would compile a GPU's kernels, with several lanes a row, for minutes.
  test.runIf(device === "swiftshader")(
    "on a GPU, auto drafts nothing before it has looked at the device",
    async () => {
      const gpu = withLanes(bed().gpu, "several");
      const prompt = [279, 616, 347, 268, 497, 1141];
      const session = new Session(gpu, model, { context: 96, drafts: { mode: "auto", longest: 3 } });
      const generation = session.generate(prompt, { maxTokens: 6 });
      const before = await collect(generation);
      expect(generation.soFar.drafts.drafted).toBe(0);
      expect(await session.prepareDrafts()).toBe(true);
      expect(session.draftSources).toBe("mtp");
      expect(await collect(session.generate(prompt, { maxTokens: 6 }))).toEqual(before);
      session.free();
    },
  );

  test("the way of rolling back is chosen by measurement, and holds nothing afterwards", async () => {
    const held = bed().gpu.bytesHeld().activations;
    expect(["tape", "planes"]).toContain(await chooseRollback(bed().gpu, model.h));
    expect(bed().gpu.bytesHeld().activations).toBe(held);
  });
}, "fast");
