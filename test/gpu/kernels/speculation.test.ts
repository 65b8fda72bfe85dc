import { describe, expect, test } from "vitest";
import {
  createDraftBuffers,
  createDrawBuffers,
  type DraftSettings,
  draftIds,
  draftWords,
  greedy,
  readRecord,
  recordAccept,
  recordCandidates,
  recordDraftStep,
  samplingWords,
  stepState,
  stepWords,
} from "../../../engine/model/index.ts";
import { recordDraftHead } from "../../../engine/model/layers/matmul.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import {
  deltaForms,
  deltaInputs,
  deltaReference,
  deltaRows,
  gatedReference,
  runDelta,
} from "../support/delta_operation.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { products, productTolerance } from "../support/products.ts";
import { poison } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

/** What a step state says, and the ids of its rows; of no rows, one. */
function stepOf(words: Uint32Array) {
  const word = (field: string) => words[stepState.at(field)]!;
  const tokens = stepState.at("tokens");
  return {
    position: word("position"),
    rows: word("rows"),
    slot: word("slot"),
    replay: word("replay"),
    budget: word("budget"),
    tokens: [...words.subarray(tokens, tokens + Math.max(1, word("rows")))],
  };
}

eachDevice((bed) => {
  describe("gated_delta_net on the tape", () => {
    for (const [replay, rows] of [
      [0, 1],
      [0, 5],
      [3, 1],
      [4, 6],
      [3, 0],
    ] as const) {
      test(`${replay} rows replayed, ${rows} answered: the state is left after the first that is answered`, async () => {
        const seed = 900 + 10 * replay + rows;
        const tokens = replay + rows;
        const s = { keyHeads: 2, valueHeads: 4, headSize: 32, tokens, snapshots: 64 };
        const inputs = deltaInputs(s, seededRandom(seed));
        const expected = deltaReference(s, inputs);
        const [ring, first] = [14, 9]; // the tape goes around its end
        const position = first + replay;
        const place = { position, replay, ring };
        const given = deltaRows(s, inputs, seededRandom(seed + 1), place);
        const state = inputs.state.length;
        for (const form of deltaForms(s.headSize)) {
          const what = `seed ${seed}, ${JSON.stringify(form)}`;
          const at = { ...place, form, input: 2, to: 1, slotCount: 3 };
          const got = await runDelta(bed(), { ...s, snapshots: 0 }, inputs.state, given, at);
          expectSameBits(got.slots.subarray(2 * state), inputs.state, `${what}, the slot it started from`);
          expectWritten(got.slots.subarray(0, state), () => false, `${what}, another slot`);
          const back = rows === 0 ? 0 : rows - 1; // slot of the reference's snapshots
          const wanted = expected.slots.subarray(back * state, (back + 1) * state);
          expectClose(got.slots.subarray(state, 2 * state), wanted, 2e-6, `${what}, state`);
          const answers = expected.out.subarray(replay * s.valueHeads * s.headSize);
          expectWritten(got.out, (i) => i < answers.length, `${what}, answers`);
          expectClose(
            got.out.subarray(0, answers.length),
            form.normed ? gatedReference(s, answers, given) : answers,
            2e-6,
            `${what}, answers`,
          );
          const isRow = (i: number) =>
            (Math.floor(i / 2 / s.valueHeads) + 2 * ring - (first % ring)) % ring < tokens;
          expectWritten(got.gates, isRow, `${what}, gates`);
        }
      });
    }
  });

  test("draft_head: the rows that the ids name, from two slabs, and unused places lose", async () => {
    const seed = 950;
    const random = seededRandom(seed);
    const columns = 256;
    const parts = [
      { type: "Q8_0", rows: 25 },
      { type: "Q6_K", rows: 15 },
    ] as const;
    const { matrix, values } = await loadMatrix(bed(), columns, parts, random);
    const ring = 5;
    const x = normals(ring * columns, random);
    const ids = Uint32Array.of(39, 0, 7, 0xffffffff, 22, 8);
    const out = bed().poisoned(ids.length);
    bed().setStep(12, 2); // the last row is that of position 13, at 3 of the ring
    await bed().run((to) =>
      recordDraftHead(bed().rows(to, { kind: "rows", width: 1 }), matrix, {
        x: bed().upload(x),
        xRing: ring,
        ids: bed().upload(ids, 6),
        out,
      }),
    );
    const all = products(values(), columns, x.subarray(3 * columns, 4 * columns));
    const got = await bed().floats(out);
    const named = [...ids].map((id) => (id === 0xffffffff ? Math.fround(-3e38) : all[id]!));
    expectClose(got.subarray(0, ids.length), Float64Array.from(named), productTolerance, `seed ${seed}`);
  });

  describe("accept", () => {
    const vocabulary = 5000; // two chunks, the second one short
    for (const stores of [0, 4]) {
      // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a plain model of the kernel beside all that it writes
      test(`drafts are accepted while they equal the draws, and the next pass begins after them (stores ${stores})`, async () => {
        const seed = 960 + stores;
        const random = seededRandom(seed);
        const draw = createDrawBuffers(bed().gpu, vocabulary, 16);
        for (const buffer of Object.values(draw)) bed().keep(buffer);
        const plan = await bed().plan((to) => {
          const pass = { ...bed().rows(to, { kind: "rows", width: 8 }), stores };
          recordCandidates(pass, vocabulary, draw, { sampled: false });
          recordAccept(pass, vocabulary, draw);
        });
        for (let round = 0; round < 30; round++) {
          const rows = 1 + Math.floor(random() * 8);
          const budget = 1 + Math.floor(random() * 10);
          const logits = normals(16 * vocabulary, random);
          const draws = Array.from({ length: rows }, (_, t) => {
            const row = logits.subarray(t * vocabulary, (t + 1) * vocabulary);
            return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
          });
          const drafts = draws.slice(0, -1).map((id) => (random() < 0.75 ? id : (id + 1) % vocabulary));
          const end = random() < 0.2 ? draws[Math.floor(random() * rows)]! : vocabulary - 1;
          let count = 0;
          while (count < rows) {
            const id = draws[count++]!;
            if (id === end || count === budget || drafts[count - 1] !== id) break;
          }
          const stopped = draws[count - 1] === end || count === budget;
          const what = `seed ${seed}, round ${round}: ${rows} rows, drafts ${drafts}, draws ${draws}, end ${end}, budget ${budget}`;
          bed().write(draw.logits, logits);
          bed().write(draw.sampling, samplingWords(greedy, [end]));
          bed().write(draw.record, new Uint32Array(draw.record.size / 4).fill(poison));
          bed().setStep(100, [draws[0]! ^ 1, ...drafts], { budget, replay: 5, slot: 2 });
          bed().execute(plan);
          const record = readRecord(await bed().words(draw.record))!;
          expect(
            record.draws.map(({ token }) => token),
            what,
          ).toEqual(draws.slice(0, count));
          expect(
            record.draws.map(({ position }) => position),
            what,
          ).toEqual(Array.from({ length: count }, (_, i) => 101 + i));
          expect(record.drafted, what).toBe(rows - 1);
          expect(record.rejected, what).toBe(stopped || count === rows ? undefined : drafts[count - 1]);
          for (const [t, { logProbability }] of record.draws.entries()) {
            const row = logits.subarray(t * vocabulary, (t + 1) * vocabulary);
            const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
            expect(logProbability, what).toBeCloseTo(row[draws[t]!]! - Math.log(sum), 4);
          }
          const next = stepOf(await bed().words(bed().step));
          expect(next, what).toMatchObject({
            position: 100 + count,
            rows: stopped ? 0 : 1,
            budget: budget - count,
            replay: stores === 0 && !stopped ? count - 1 : 0,
            slot: stores === 0 ? 0 : rows - count,
          });
          expect(next.tokens[0], what).toBe(draws[count - 1]);
          const mtp = stepOf(await bed().words(draw.mtp));
          expect(mtp, what).toMatchObject({ position: 101, rows: stopped ? 0 : count });
          if (!stopped) expect(mtp.tokens, what).toEqual(draws.slice(0, count));
        }
      });
    }

    test("after the end nothing is drawn and nothing moves", async () => {
      const draw = createDrawBuffers(bed().gpu, vocabulary, 1);
      for (const buffer of Object.values(draw)) bed().keep(buffer);
      bed().write(draw.sampling, samplingWords(greedy, []));
      bed().setStep(7, []);
      const before = await bed().words(bed().step);
      await bed().run((to) => {
        const pass = { ...bed().rows(to, { kind: "rows", width: 1 }), stores: 0 };
        recordCandidates(pass, vocabulary, draw, { sampled: false });
        recordAccept(pass, vocabulary, draw);
      });
      expect(readRecord(await bed().words(draw.record))).toBeUndefined();
      expect(await bed().words(bed().step)).toEqual(before);
    });
  });

  describe("draft", () => {
    const vocabulary = 100;
    const all = new Array<number>(16).fill(1);
    /** Runs the links of a chain whose block would answer with these rows of logits. */
    async function chain(
      rows: readonly Float32Array[],
      settings: DraftSettings,
      budget = 50,
      ids?: readonly number[],
    ) {
      const draw = createDrawBuffers(bed().gpu, vocabulary, 1);
      const draft = createDraftBuffers(bed().gpu, vocabulary);
      for (const buffer of [...Object.values(draw), ...Object.values(draft)]) bed().keep(buffer);
      bed().write(draft.ids, ids ? Uint32Array.from(ids) : draftIds(vocabulary, vocabulary, [], []));
      bed().write(draft.settings, draftWords(settings));
      bed().write(draw.sampling, samplingWords(greedy, []));
      bed().setStep(20, [42], { budget });
      bed().write(draw.mtp, stepWords(18, [40, 41, 42]));
      const plan = await bed().plan((to) =>
        recordDraftStep(bed().rows(to, { kind: "rows", width: 1 }), draw, draft),
      );
      const links: ReturnType<typeof stepOf>[] = [];
      for (const row of rows) {
        bed().write(draft.logits, Float32Array.from(row));
        bed().execute(plan);
        links.push(stepOf(await bed().words(draw.mtp)));
      }
      return {
        step: stepOf(await bed().words(bed().step)),
        links,
        confidence: await bed().floats(draw.confidence),
      };
    }
    /** Logits of which `id` has the probability `p`, and the others share the rest. */
    const sure = (id: number, p: number) =>
      Float32Array.from({ length: vocabulary }, (_, i) =>
        Math.log(i === id ? p : (1 - p) / (vocabulary - 1)),
      );

    test("each link takes the likeliest id, and is the next one's input", async () => {
      const { step, links, confidence } = await chain([sure(5, 0.9), sure(9, 0.6), sure(3, 0.5)], {
        most: 3,
        cut: [],
        acceptance: all,
      });
      expect(step).toMatchObject({ position: 20, rows: 4, tokens: [42, 5, 9, 3] });
      expect(links).toMatchObject([
        { position: 21, rows: 1, tokens: [5] },
        { position: 22, rows: 1, tokens: [9] },
        { rows: 0 },
      ]);
      expectClose(confidence.subarray(0, 3), Float64Array.of(0.9, 0.6, 0.5), 1e-5, "confidence");
    });

    test("ids of a trimmed head are translated", async () => {
      const ids = Array.from({ length: vocabulary }, (_, i) => 1000 + 3 * i);
      const { step } = await chain([sure(5, 0.9)], { most: 1, cut: [], acceptance: all }, 50, ids);
      expect(step.tokens).toEqual([42, 1015]);
    });

    test("a draft that is too unlikely to be reached ends the chain and is not verified", async () => {
      const acceptance = all.map((_, i) => (i + 0.5) / 16);
      const settings = { most: 3, cut: [0.3, 0.3, 0.3], acceptance };
      const rows = [sure(5, 0.9), sure(9, 0.5), sure(3, 0.4)];
      const { step, links } = await chain(rows, settings); // reach 0.91, 0.48, 0.2
      expect(step).toMatchObject({ rows: 3, tokens: [42, 5, 9] });
      expect(links[2]).toMatchObject({ rows: 0 });
    });

    test("no more is drafted than may be drawn", async () => {
      const settings = { most: 8, cut: [], acceptance: all };
      const rows = [sure(1, 0.9), sure(2, 0.9), sure(3, 0.9)];
      expect((await chain(rows, settings, 3)).step.tokens).toEqual([42, 1, 2]);
      expect((await chain(rows, settings, 1)).step.tokens).toEqual([42]);
    });

    test("a tail follows drafts that agree with it, and only those", async () => {
      const tail = { ids: [1, 2, 50, 51, 52], confidence: [0.9, 0.9, 0.8, 0.7, 0.6], agree: 2 };
      const settings = { most: 3, cut: [], acceptance: all, tail };
      const agreeing = await chain([sure(1, 0.9), sure(2, 0.9), sure(3, 0.9)], settings);
      expect(agreeing.step.tokens).toEqual([42, 1, 2, 50, 51, 52]);
      expectClose(agreeing.confidence.subarray(2, 5), Float64Array.of(0.8, 0.7, 0.6), 1e-6, "confidence");
      const short = await chain([sure(1, 0.9), sure(2, 0.9), sure(3, 0.9)], settings, 5);
      expect(short.step.tokens).toEqual([42, 1, 2, 50, 51]);
      const other = await chain([sure(1, 0.9), sure(7, 0.9), sure(3, 0.9)], settings);
      expect(other.step.tokens).toEqual([42, 1, 7, 3]);
    });

    test("numbers that are not finite draft nothing", async () => {
      const rows = [new Float32Array(vocabulary).fill(Number.NaN)];
      const { step } = await chain(rows, { most: 3, cut: [], acceptance: all });
      expect(step.tokens).toEqual([42]);
    });
  });
});
