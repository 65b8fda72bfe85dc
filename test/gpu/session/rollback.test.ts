import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Evaluator } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { historyRows, loadModel, type Model } from "../../../engine/model/index.ts";
import type { RollbackName } from "../../../engine/state/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { expectSameBits } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { miniModel } from "../support/models.ts";
import { stateHash } from "../support/state.ts";

// I2: after any accepts, rejects and restores the state has the bits of decoding one token at a time.
const context = 384;
const seed = testSeed(60_601);
const prompt = 70;

/** How many of a pass's rows may be accepted: all counts of a narrow pass, and some of a wide one. */
const keptOf = (count: number): number[] =>
  count <= 5 ? Array.from({ length: count }, (_, i) => i + 1) : [1, count >> 1, count - 1, count];

eachDevice((bed, device) => {
  let model: Model;
  let ids: number[];
  let reference: Evaluator;
  /** Hash by position, from the prompt's end on, of a sequence that was decoded token by token. */
  const hashes = new Map<number, string>();
  // SwiftShader is the slower of the two: it gets each case once, and not the baseline.
  const few = device === "swiftshader";
  const length = few ? 120 : 280; // 280: past the end of the tape, by more than is restored beyond it
  const strategies: readonly RollbackName[] = few ? ["tape", "planes"] : ["tape", "planes", "replay"];

  async function readPrompt(evaluator: Evaluator): Promise<void> {
    evaluator.reset();
    await evaluator.pass(ids.slice(0, 64), { kind: "prompt", logits: "none" });
    await evaluator.pass(ids.slice(64, prompt), { kind: "prompt", logits: "none" });
  }
  const rows = { kind: "rows", logits: "none" } as const;
  const expectPosition = async (evaluator: Evaluator, position: number, what: string) => {
    expect(evaluator.position, what).toBe(position);
    expect(await stateHash(evaluator), `seed ${seed}, ${what}: position ${position}`).toBe(
      hashes.get(position),
    );
  };
  /** Runs `run` on rows that may be wrong past `kept`: what they hold must not matter. */
  const draft = (position: number, count: number, kept: number) =>
    Array.from({ length: count }, (_, i) =>
      i < kept ? ids[position + i]! : (ids[position + i]! + 1 + i) % 4000,
    );

  beforeAll(async () => {
    await using file = await openGguf(miniModel);
    model = await loadModel(bed().gpu, file);
    const random = seededRandom(seed);
    ids = Array.from({ length: context }, () => Math.floor(random() * 4000));
    reference = new Evaluator(bed().gpu, model, { context, rollback: "tape" });
    await readPrompt(reference);
    hashes.set(prompt, await stateHash(reference));
    while (reference.position < length) {
      await reference.pass([ids[reference.position]!], rows);
      hashes.set(reference.position, await stateHash(reference));
    }
  }, 300_000);
  afterAll(() => {
    reference.free();
    model.free();
  });

  for (const rollback of strategies) {
    describe(rollback, () => {
      let evaluator: Evaluator;
      beforeAll(() => {
        evaluator = new Evaluator(bed().gpu, model, { context, rollback, planes: 5 });
      });
      afterAll(() => evaluator.free());

      /** Verifies `count` rows and accepts `kept` of them, as a round does. */
      async function round(count: number, kept: number): Promise<void> {
        const { position, sequence } = evaluator;
        if (sequence.rollback.checkpoint) {
          await sequence.commit();
          const encoder = bed().gpu.device.createCommandEncoder();
          sequence.encodeCheckpoint(encoder);
          bed().gpu.submit(encoder.finish());
        }
        await evaluator.pass(draft(position, count, kept), rows);
        if (sequence.rollBack(count - kept)) return;
        expect(sequence.rollback.checkpoint, `${count} rows, ${kept} kept`).toBe(true);
        sequence.restoreCheckpoint(position);
        await evaluator.pass(draft(position, kept, kept), rows);
      }

      async function forwardTo(end: number): Promise<void> {
        while (evaluator.position < end) {
          const count = Math.min(rollback === "planes" ? 5 : 64, end - evaluator.position);
          await evaluator.pass(draft(evaluator.position, count, count), rows);
        }
      }

      const widths = few ? [3, 5] : rollback === "planes" ? [1, 2, 3, 5] : [1, 2, 3, 8, 17, 64];
      test(`a pass of ${widths.join(", ")} rows, any number of them rejected (I2)`, async () => {
        for (const count of widths) {
          for (const stand of keptOf(count)) {
            await readPrompt(evaluator);
            await round(count, stand);
            await expectPosition(evaluator, prompt + stand, `${count} rows, ${stand} stand`);
          }
        }
      });

      test("random rounds, whose states are compared only at the end", async () => {
        const random = seededRandom(seed + 1);
        const most = rollback === "planes" ? 5 : 20;
        const [runs, decoded] = few ? [1, 20] : [2, 40];
        for (let run = 0; run < runs; run++) {
          await readPrompt(evaluator);
          const series: string[] = [];
          while (evaluator.position < prompt + decoded) {
            const count = 1 + Math.floor(random() * most);
            const kept = 1 + Math.floor(random() * count);
            series.push(`${kept} of ${count}`);
            await round(count, kept);
          }
          await expectPosition(evaluator, evaluator.position, series.join(", "));
        }
      });

      test("rows after rows dropped twice, and rows after that", async () => {
        if (rollback === "replay") return expect(evaluator.sequence.rollback.standing(5, 4)).toBeUndefined();
        await readPrompt(evaluator);
        await evaluator.pass(draft(prompt, 5, 2), rows);
        expect(evaluator.sequence.rollBack(1)).toBe(true);
        expect(evaluator.sequence.rollBack(2)).toBe(true);
        await evaluator.pass([ids[prompt + 2]!], rows);
        await expectPosition(evaluator, prompt + 3, "5 rows, 1 dropped, 2 dropped, 1 row");
      });

      test("a whole pass is not dropped, nor more rows than it had", async () => {
        await readPrompt(evaluator);
        await evaluator.pass(draft(prompt, 4, 4), rows);
        for (const tooMany of [4, 5]) expect(evaluator.sequence.rollBack(tooMany), `${tooMany}`).toBe(false);
        await expectPosition(evaluator, prompt + 4, "untouched");
        // A single-token pass overwrites the states that the pass before it left: no rollback either.
        await evaluator.pass([ids[prompt + 4]!], rows);
        expect(evaluator.sequence.rollBack(1)).toBe(false);
      });

      test(`any of the last ${historyRows} positions is restored, and what comes after it is right`, async () => {
        await readPrompt(evaluator);
        const most = rollback === "planes" ? 5 : 24;
        const random = seededRandom(seed + 2);
        while (evaluator.position < length - 40) {
          const count = Math.min(1 + Math.floor(random() * most), length - 40 - evaluator.position);
          await round(count, 1 + Math.floor(random() * count));
        }
        const end = evaluator.position;
        const { sequence } = evaluator;
        const lowest = Math.max(prompt, end - historyRows);
        expect(sequence.reach).toBe(lowest);
        expect(await sequence.restore(prompt - 1), "before the prompt's end").toBe(false);
        for (const back of few ? [7, 20] : [1, 2, 5, 17, 63, 64, 65, 128]) {
          const target = Math.max(lowest, end - back);
          expect(await sequence.restore(target), `${back} back`).toBe(true);
          await expectPosition(evaluator, target, `restored ${back} back`);
          await forwardTo(end);
          await expectPosition(evaluator, end, `${back} back and forth`);
        }
      });

      test("a snapshot, restored after other tokens have been decoded, gives the same logits and state", async () => {
        await readPrompt(evaluator);
        await round(3, 2);
        const taken = evaluator.position;
        const snapshot = await evaluator.sequence.snapshot();
        const logits = async () => {
          await evaluator.pass([ids[taken]!], { kind: "rows", logits: "last" });
          return evaluator.rows(evaluator.logits("last"), 1, model.h.vocabulary);
        };
        const first = await logits();
        for (let i = 0; i < (few ? 5 : 20); i++) await evaluator.pass([(i * 31) % 4000], rows); // dirty
        evaluator.sequence.restoreSnapshot(snapshot);
        await expectPosition(evaluator, taken, "restored");
        expectSameBits(await logits(), first, `seed ${seed}, logits`);
        await expectPosition(evaluator, taken + 1, "and a token more");
        expect(await evaluator.sequence.restore(taken), "back by the ring to where it was taken").toBe(true);
        await expectPosition(evaluator, taken, "by the ring");
        const held = bed().gpu.bytesHeld().snapshots;
        snapshot.free();
        expect(held - bed().gpu.bytesHeld().snapshots).toBe(snapshot.bytes);
      });
    });
  }
}, "fast");
