import { expect, test } from "vitest";
import { recordFeedForward } from "../../../engine/model/layers/ffn.ts";
import { recordNorm } from "../../../engine/model/layers/norm.ts";
import { rmsNorm, silu } from "../../reference/formulas.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder, toLaneOrder } from "../support/lane_rows.ts";
import { noWeights, poisonedWorkspace, shapes } from "../support/layers.ts";

const path = { kind: "rows", width: 64 } as const;

eachDevice((bed) => {
  for (const size of [32, 288, 1280]) {
    test(`rms_norm of rows of ${size}, among other columns and rows, for any number of rows`, async () => {
      const seed = 600 + size;
      const random = seededRandom(seed);
      const x = Array.from({ length: 64 }, (_, t) => normals(size, random, t === 3 ? 1e-4 : 2)); // one row near EPS
      const w = normals(size, random);
      const stride = size + 32;
      const rowsAround = [
        ...normals(stride, random),
        ...x.flatMap((row) => [...row, ...normals(32, random)]),
      ];
      const input = bed().upload(toLaneOrder(rowsAround, stride));
      const weight = bed().upload(toLaneOrder(w, size));
      const run = async (rows: number) => {
        const y = bed().poisoned(65 * 2 * size);
        bed().setStep(0, rows);
        await bed().run((to) =>
          recordNorm(bed().rows(to, path), {
            x: { buffer: input, stride, row: 1 },
            w: weight,
            y: { buffer: y, stride: 2 * size, column: size },
            size,
            epsilon: 1e-6,
          }),
        );
        const all = fromLaneOrder(await bed().floats(y), 2 * size);
        const isRow = (i: number) => i < rows * 2 * size && i % (2 * size) >= size;
        expectWritten(all, isRow, `seed ${seed}, ${rows} rows`);
        return all.filter((_, i) => isRow(i));
      };
      const all = await run(64);
      for (const [t, row] of x.entries()) {
        expectClose(
          all.subarray(t * size, (t + 1) * size),
          rmsNorm(row, w, 1e-6),
          5e-7,
          `seed ${seed}, row ${t}`,
        );
      }
      expectSameBits(await run(1), all.subarray(0, size), `seed ${seed}`);
      expectSameBits(await run(17), all.subarray(0, 17 * size), `seed ${seed}`);
      expect(await run(0)).toHaveLength(0);
    });
  }

  for (const feedForward of [32, 416]) {
    test(`swiglu of ${feedForward}: silu(gate) ∘ up, and no overflow at gates of ±1000`, async () => {
      const seed = 610;
      const random = seededRandom(seed);
      const h = shapes({ feedForward });
      const w = poisonedWorkspace(bed(), h, 64);
      const rows = 5;
      const x = normals(rows * 2 * feedForward, random, 4);
      x.set([1000, -1000, 100, -100, 0, -0]);
      bed().write(w.gateUp, x);
      const layer = {
        kind: "dense",
        gateUp: noWeights(h.embedding, 2 * feedForward),
        down: noWeights(feedForward, h.embedding),
      } as const;
      bed().setStep(9, rows);
      await bed().run((to) =>
        recordFeedForward({ ...bed().rows(to, path), workspace: w }, layer, { x: w.normed }, { out: w.x }),
      );
      const y = fromLaneOrder(await bed().floats(w.hidden), feedForward);
      const expected = Float64Array.from({ length: rows * feedForward }, (_, i) => {
        const at = Math.floor(i / feedForward) * 2 * feedForward + (i % feedForward);
        return silu(x[at]!) * x[at + feedForward]!;
      });
      expectWritten(y, (i) => i < expected.length, `seed ${seed}`);
      // The row with the large gates apart, since its size would hide errors of the others.
      for (let t = 0; t < rows; t++) {
        const [from, to] = [t * feedForward + (t === 0 ? 1 : 0), (t + 1) * feedForward];
        expectClose(y.subarray(from, to), expected.subarray(from, to), 1e-6, `seed ${seed}, row ${t}`);
      }
      expect(y[0]).toBeCloseTo(expected[0]!, 2);
    });
  }

  test("rms_norm from ring to ring: rows lie at their position modulo the ring, the source one row late", async () => {
    const seed = 620;
    const [size, ring, position, rows] = [64, 7, 12, 5];
    const x = normals(ring * size, seededRandom(seed));
    const w = bed().upload(new Float32Array(size).fill(1));
    const y = bed().poisoned(ring * size);
    bed().setStep(position, rows);
    await bed().run((to) =>
      recordNorm(bed().rows(to, path), {
        x: { buffer: bed().upload(toLaneOrder(x, size)), stride: size, row: ring - 1, ring },
        w,
        y: { buffer: y, stride: size, ring },
        size,
        epsilon: 1e-6,
      }),
    );
    const got = fromLaneOrder(await bed().floats(y), size);
    const places = Array.from({ length: rows }, (_, t) => (position + t) % ring);
    expectWritten(got, (i) => places.includes(Math.floor(i / size)), `seed ${seed}`);
    for (const [t, place] of places.entries()) {
      const source = (position + t - 1) % ring;
      expectClose(
        got.subarray(place * size, (place + 1) * size),
        rmsNorm(x.subarray(source * size, (source + 1) * size), new Float32Array(size).fill(1), 1e-6),
        5e-7,
        `seed ${seed}, row ${t}`,
      );
    }
  });
});
