import { describe, expect, test } from "vitest";
import { recordFeedForward } from "../../../engine/model/layers/ffn.ts";
import { type ProductInput, recordMatmul } from "../../../engine/model/layers/matmul.ts";
import { recordNorm, recordNormed } from "../../../engine/model/layers/norm.ts";
import { rmsNorm, silu } from "../../reference/formulas.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder, toLaneOrder } from "../support/lane_rows.ts";
import { poisonedWorkspace, shapes } from "../support/layers.ts";
import { products, productTolerance } from "../support/products.ts";
import { withLanes } from "../support/test_bed.ts";
import { loadMatrix, type Part } from "../support/weights_file.ts";

// What products do beside multiplying: the norm of their input, and the gate of a feed-forward network.
const epsilon = 1e-6;
const maxRows = 64;

eachDevice((bed, device) => {
  for (const lanes of ["one", "several"] as const) {
    describe(lanes === "one" ? "a lane a row" : "several lanes a row", () => {
      test("a product of normalised rows has the same bits where it makes the norm itself", async () => {
        const seed = 801;
        const random = seededRandom(seed);
        const gpu = withLanes(bed().gpu, lanes);
        const [columns, n] = [288, 37];
        const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
        const rows = Array.from({ length: 8 }, (_, t) => normals(columns, random, t === 3 ? 1e-4 : 2)); // one row near EPS
        const w = normals(columns, random);
        const lined = rows.flatMap((row) => [...toLaneOrder(row, columns)]);
        const x = bed().upload(lined, maxRows * columns);
        const norm = { x, w: bed().upload(toLaneOrder(w, columns)), size: columns, epsilon };
        const run = async (width: number, fused: boolean) => {
          const made = { normed: bed().poisoned(maxRows * columns), scales: bed().poisoned(maxRows) };
          const out = bed().poisoned(maxRows * n);
          bed().setStep(0, width);
          await bed().run(
            (to) => {
              const pass = bed().rows(to, { kind: "rows", width });
              const input: ProductInput = fused
                ? { x, norm: { w: norm.w, epsilon } }
                : recordNormed({ ...pass, kind: "prompt" }, norm, made);
              recordMatmul(pass, matrix, { ...input, out });
            },
            { gpu },
          );
          const all = await bed().floats(out);
          expectWritten(all, (i) => i < width * n, `seed ${seed}, ${width} rows`);
          return all.subarray(0, width * n);
        };
        const apart = await run(8, false);
        const normed = rows.flatMap((row) => [...rmsNorm(row, w, epsilon)]);
        expectClose(
          apart,
          products(values(), columns, Float32Array.from(normed)),
          2 * productTolerance,
          `seed ${seed}`,
        );
        for (const width of device === "lavapipe" && lanes === "several" ? [1, 3] : [1, 3, 8]) {
          expectSameBits(await run(width, true), apart.subarray(0, width * n), `seed ${seed}, ${width} rows`);
        }
      });

      test("a product that norms its rows first leaves them, and has the bits of rms_norm and a product", async () => {
        const seed = 803;
        const random = seededRandom(seed);
        const gpu = withLanes(bed().gpu, lanes);
        const [columns, rows, width] = [1056, 5, 6]; // five pieces of a row, the last one short, for three workgroups
        const { matrix } = await loadMatrix(bed(), columns, [{ type: "F32", rows: 9 }], random);
        const x = bed().upload(normals(rows * columns, random), maxRows * columns);
        const w = bed().upload(normals(columns, random));
        bed().setStep(0, rows);
        const made = [0, 1].map(() => ({
          normed: bed().poisoned(maxRows * columns),
          out: bed().poisoned(maxRows * 9),
        }));
        const [first, apart] = made as [(typeof made)[0], (typeof made)[0]];
        await bed().run(
          (to) => {
            const pass = bed().rows(to, { kind: "rows", width });
            recordMatmul(pass, matrix, { x, norm: { w, epsilon, normed: first.normed }, out: first.out });
            const [from, y] = [x, apart.normed].map((buffer) => ({ buffer, stride: columns }));
            recordNorm(pass, { x: from!, w, y: y!, size: columns, epsilon });
            recordMatmul(pass, matrix, { x: apart.normed, out: apart.out });
          },
          { gpu },
        );
        const normed = await bed().floats(first.normed);
        expectWritten(normed, (i) => i < rows * columns, `seed ${seed}`);
        const norms = normed.subarray(0, rows * columns);
        expectSameBits(norms, (await bed().floats(apart.normed)).subarray(0, rows * columns), `seed ${seed}`);
        const out = (await bed().floats(first.out)).subarray(0, rows * 9);
        expectSameBits(out, (await bed().floats(apart.out)).subarray(0, rows * 9), `seed ${seed}`);
      });

      // Only there has a lane eight rows of weights, and SwiftShader is slow at so many.
      const eights: [string, Part[]][] = [
        ["Q4_K", [{ type: "Q4_K", rows: 16_390 }]], // 257 workgroups; the last eight rows are six
        [
          "Q4_K and Q6_K",
          [
            { type: "Q4_K", rows: 12_310 },
            { type: "Q6_K", rows: 4_080 },
          ],
        ],
      ];
      test.skipIf(lanes === "one").each(eights)(
        "a normalised row has the bits of one beside others, in eight rows a lane of %s",
        async (_, parts) => {
          const seed = 804;
          const random = seededRandom(seed);
          const gpu = withLanes(bed().gpu, lanes);
          const [columns, n] = [256, 16_390];
          const { matrix, values } = await loadMatrix(bed(), columns, parts, random);
          const rows = normals(2 * columns, random, 2);
          const w = normals(columns, random);
          const norm = { w: bed().upload(toLaneOrder(w, columns)), epsilon };
          const x = bed().upload(toLaneOrder(rows, columns), maxRows * columns);
          const run = async (width: number, gated: boolean) => {
            const out = bed().poisoned(2 * n);
            bed().setStep(0, width);
            await bed().run(
              (to) => recordMatmul(bed().rows(to, { kind: "rows", width }), matrix, { x, norm, out, gated }),
              { gpu },
            );
            return bed().floats(out);
          };
          for (const gated of parts.length === 1 ? [false, true] : [false]) {
            const size = gated ? n / 2 : n;
            const [alone, beside] = [await run(1, gated), await run(2, gated)];
            expectWritten(alone, (i) => i < size, `seed ${seed}`);
            expectSameBits(alone.subarray(0, size), beside.subarray(0, size), `seed ${seed}, gated ${gated}`);
            if (gated) continue;
            const expected = products(
              values(),
              columns,
              Float32Array.from(rmsNorm(rows.subarray(0, columns), w, epsilon)),
            );
            expectClose(alone.subarray(0, size), expected, 2 * productTolerance, `seed ${seed}`);
          }
        },
      );

      for (const [what, types] of [
        ["one type: by the product", ["Q8_0", "Q8_0"]],
        ["two types: by a dispatch of its own", ["Q8_0", "F32"]],
      ] as const) {
        test(`a feed-forward network is gated, gate and up of ${what}`, async () => {
          const seed = 802;
          const random = seededRandom(seed);
          const gpu = withLanes(bed().gpu, lanes);
          const [columns, size, rows] = [64, 96, 5];
          const parts: Part[] = types.map((type) => ({ type, rows: size }));
          const gateUp = await loadMatrix(bed(), columns, parts, random);
          const down = await loadMatrix(bed(), size, [{ type: "F32", rows: columns }], random);
          const w = poisonedWorkspace(bed(), shapes({ embedding: columns, feedForward: size }), maxRows);
          const x = normals(rows * columns, random);
          x[0] = 3000; // a large gate does not overflow
          const input = bed().upload(toLaneOrder(x, columns), maxRows * columns);
          bed().setStep(9, rows);
          const layer = { kind: "dense", gateUp: gateUp.matrix, down: down.matrix } as const;
          let dispatches = 0;
          await bed().run(
            (to) => {
              const dispatch = to.dispatch.bind(to);
              to.dispatch = (...all) => {
                dispatches++;
                dispatch(...all);
              };
              const pass = { ...bed().rows(to, { kind: "rows", width: 8 }), workspace: w };
              recordFeedForward(pass, layer, { x: input }, { out: w.x });
            },
            { gpu },
          );
          // On a GPU two types share a dispatch.
          expect(dispatches).toBe(types[0] === types[1] ? 2 : lanes === "one" ? 4 : 3);
          const both = products(gateUp.values(), columns, x);
          const expected = Float64Array.from({ length: rows * size }, (_, i) => {
            const at = Math.floor(i / size) * 2 * size + (i % size);
            return silu(both[at]!) * both[at + size]!;
          });
          const hidden = fromLaneOrder(await bed().floats(w.hidden), size);
          expectWritten(hidden, (i) => i < rows * size, `seed ${seed}`);
          // The row with the large gates apart, since its size would hide errors of the others.
          for (const [from, to] of [
            [0, size],
            [size, rows * size],
          ] as const) {
            expectClose(
              hidden.subarray(from, to),
              expected.subarray(from, to),
              4 * productTolerance,
              `seed ${seed}`,
            );
          }
        });
      }
    });
  }
});
