import { test } from "vitest";
import { BLOCK_FORMATS } from "../../../engine/gguf/index.ts";
import { recordingGpu } from "../../../engine/gpu/index.ts";
import { maxRows } from "../../../engine/model/index.ts";
import { tileVariants } from "../../../engine/model/layers/product_variants.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { multiply, products } from "../support/products.ts";
import { withChoice, withLanes } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

const prompt = { kind: "prompt", width: maxRows } as const;

// A chain of K fma instead of four of K/4: u·√(K/6) = 3.9e-7 at K = 256, and the roundings of the weights.
const tolerance = 1e-6;

eachDevice((bed, device) => {
  for (const [index, { type }] of BLOCK_FORMATS.entries()) {
    // Lavapipe compiles each for 4 s. It decodes all types in the tests of the rows path, by the same code.
    if (device === "lavapipe" && !["F32", "Q8_0", "Q4_K", "Q6_K"].includes(type)) continue;
    if (/^(?:IQ[1-3]|TQ)/.test(type) && type !== "IQ3_S") continue; // by the same code, too
    test(`${type}: pieces of 1, 5, 63 and 64 rows have the products of the decoded weights, bit-equal in all of them`, async () => {
      const seed = 400 + index;
      const random = seededRandom(seed);
      const [columns, n] = [256, 70]; // a whole tile of columns, and 6
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type, rows: n }], random);
      const x = normals(maxRows * columns, random);
      const expected = products(values(), columns, x);
      const whole = await multiply(bed(), prompt, matrix, x);
      expectWritten(whole, () => true, `seed ${seed}`);
      expectClose(whole, expected, tolerance, `seed ${seed}`);
      for (const rows of [1, 5, 63]) {
        const out = await multiply(bed(), prompt, matrix, x.subarray(0, rows * columns));
        expectWritten(out, (i) => i < rows * n, `seed ${seed}, ${rows} rows`);
        expectSameBits(out.subarray(0, rows * n), whole.subarray(0, rows * n), `seed ${seed}, ${rows} rows`);
      }
    });
  }

  for (const columns of [96, 288]) {
    test(`the kernel of GPUs, whose parts share out ${columns} columns, gives a row the same bits at any place in a piece of any length`, async () => {
      const seed = 460 + columns;
      const random = seededRandom(seed);
      const n = 70; // a whole workgroup of rows of W, and 6
      const gpu = withLanes(bed().gpu, "several");
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
      const x = normals(maxRows * columns, random);
      const expected = products(values(), columns, x);
      const whole = await multiply(bed(), prompt, matrix, x, gpu);
      expectWritten(whole, () => true, `seed ${seed}`);
      expectClose(whole, expected, tolerance, `seed ${seed}`);
      for (const [from, rows] of [
        [0, 1],
        [0, 17],
        [5, 16],
        [31, 33],
      ] as const) {
        const piece = x.subarray(from * columns, (from + rows) * columns);
        const out = await multiply(bed(), prompt, matrix, piece, gpu);
        expectWritten(out, (i) => i < rows * n, `seed ${seed}, ${rows} rows`);
        expectSameBits(
          out.subarray(0, rows * n),
          whole.subarray(from * n, (from + rows) * n),
          `seed ${seed}, ${rows} rows from ${from}`,
        );
      }
    });
  }

  const [rule, ...others] = tileVariants(recordingGpu().gpu, 0).offered;
  for (const tile of device === "lavapipe" ? others.slice(0, 1) : others) {
    test(`tile ${tile}: the bits of ${rule}, in a whole piece and a short one`, async () => {
      const seed = 470;
      const random = seededRandom(seed);
      const [columns, n] = [288, 133]; // 9 groups for 8 parts; a whole workgroup of the widest tile, and 5
      const gpu = withLanes(bed().gpu, "several");
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
      for (const rows of [maxRows, 21]) {
        const x = normals(rows * columns, random);
        const expected = await multiply(bed(), prompt, matrix, x, gpu);
        expectClose(
          expected.subarray(0, rows * n),
          products(values(), columns, x),
          tolerance,
          `seed ${seed}`,
        );
        const chosen = withChoice(bed().gpu, tileVariants(gpu, columns).name, tile);
        const out = await multiply(bed(), prompt, matrix, x, chosen);
        expectWritten(out, (i) => i < rows * n, `seed ${seed}, ${rows} rows`);
        expectSameBits(out, expected, `seed ${seed}, ${rows} rows`);
      }
    });
  }

  test("pieces are added to a residual and go around a ring; a piece of no rows writes nothing", async () => {
    const seed = 430;
    const random = seededRandom(seed);
    const [columns, n, rows] = [256, 70, 9];
    const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
    const x = normals(rows * columns, random);
    const residual = normals(128 * n, random);
    const out = bed().upload(residual);
    await multiply(bed(), prompt, matrix, x, bed().gpu, { accumulate: true, ring: 128, position: 125, out });
    const y = products(values(), columns, x);
    const expected = Float64Array.from(residual);
    for (let t = 0; t < rows; t++) {
      for (let i = 0; i < n; i++) expected[((125 + t) % 128) * n + i]! += y[t * n + i]!;
    }
    expectClose(await bed().floats(out), expected, tolerance, `seed ${seed}`);
    expectWritten(await multiply(bed(), prompt, matrix, new Float32Array()), () => false, "no rows");
  });
});
