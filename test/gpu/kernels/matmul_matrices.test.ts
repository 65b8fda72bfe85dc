import { describe, expect, type TestContext, test } from "vitest";
import { BLOCK_FORMATS } from "../../../engine/gguf/index.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";
import { maxRows } from "../../../engine/model/index.ts";
import { matricesOffered } from "../../../engine/model/layers/matmul_matrices.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { multiply, products } from "../support/products.ts";
import { withLanes } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

const prompt = { kind: "prompt", width: maxRows } as const;

// 22 bits of each factor, and of the product all but 2^-22; sums in f32.
const tolerance = 1e-6;

eachDevice((bed) => {
  /** The device, taken for a GPU, where it has matrix units: lavapipe from Mesa 26 on, and GPUs. */
  function withMatrices(skip: TestContext["skip"]): Gpu {
    const gpu = withLanes(bed().gpu, "several");
    if (matricesOffered(gpu).length === 0) skip(`${gpu.description} offers no subgroup matrices`);
    return gpu;
  }

  for (const [index, { type }] of BLOCK_FORMATS.entries()) {
    if (/^(?:IQ|TQ)/.test(type) && type !== "IQ3_S") continue; // decoded by the code that other products have
    test(`${type}: pieces of 1, 5, 63 and 64 rows have the products of the decoded weights, bit-equal in all of them`, async ({
      skip,
    }) => {
      const gpu = withMatrices(skip);
      const seed = 700 + index;
      const random = seededRandom(seed);
      const [columns, n] = [256, 70]; // a workgroup of columns, and 6
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type, rows: n }], random);
      const x = normals(maxRows * columns, random);
      const expected = products(values(), columns, x);
      for (const variant of matricesOffered(gpu)) {
        const what = `${variant}, seed ${seed}`;
        const whole = await multiply(bed(), prompt, matrix, x, gpu, { variant });
        expectWritten(whole, () => true, what);
        expectClose(whole, expected, tolerance, what);
        for (const rows of [1, 5, 63]) {
          const piece = x.subarray(0, rows * columns);
          const out = await multiply(bed(), prompt, matrix, piece, gpu, { variant });
          expectWritten(out, (i) => i < rows * n, `${what}, ${rows} rows`);
          expectSameBits(out.subarray(0, rows * n), whole.subarray(0, rows * n), `${what}, ${rows} rows`);
        }
      }
    });
  }

  test("a row has the same bits at any place in a piece, where parts share out 9 groups", async ({
    skip,
  }) => {
    const gpu = withMatrices(skip);
    const seed = 760;
    const random = seededRandom(seed);
    const [columns, n] = [288, 33];
    const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
    const x = normals(maxRows * columns, random);
    for (const variant of matricesOffered(gpu)) {
      const whole = await multiply(bed(), prompt, matrix, x, gpu, { variant });
      expectClose(whole, products(values(), columns, x), tolerance, `${variant}, seed ${seed}`);
      for (const [from, rows] of [
        [0, 17],
        [5, 16],
        [31, 33],
      ] as const) {
        const piece = x.subarray(from * columns, (from + rows) * columns);
        const out = await multiply(bed(), prompt, matrix, piece, gpu, { variant });
        const same = whole.subarray(from * n, (from + rows) * n);
        expectSameBits(
          out.subarray(0, rows * n),
          same,
          `${variant}, seed ${seed}, ${rows} rows from ${from}`,
        );
      }
    }
  });

  describe("numbers of any size", () => {
    /** Rows of one size each, beside rows of others. */
    const sizes = [1e-30, 1e-6, 1, 300, 1e5, 1e30];

    test("a row of x has its products whether its numbers are tiny, huge or of many sizes", async ({
      skip,
    }) => {
      const gpu = withMatrices(skip);
      const seed = 770;
      const random = seededRandom(seed);
      const [columns, n] = [256, 20];
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "F32", rows: n }], random);
      const rows = sizes.length + 2;
      const x = normals(rows * columns, random);
      for (const [row, size] of sizes.entries())
        for (let i = 0; i < columns; i++) x[row * columns + i]! *= size;
      for (let i = 0; i < columns; i++) x[sizes.length * columns + i]! *= 10 ** ((i % 9) - 4);
      x.fill(0, (rows - 1) * columns);
      const expected = products(values(), columns, x);
      const [variant] = matricesOffered(gpu);
      const out = await multiply(bed(), prompt, matrix, x, gpu, { variant: variant! });
      for (let row = 0; row < rows; row++) {
        const [actual, right] = [out, expected].map((all) => all.subarray(row * n, (row + 1) * n));
        expectClose(actual!, right!, tolerance, `seed ${seed}, row ${row}`);
      }
    });

    test("weights of all sizes below 2^16 have their products", async ({ skip }) => {
      const gpu = withMatrices(skip);
      const seed = 780;
      const random = seededRandom(seed);
      const columns = 256;
      for (const [size, allowed] of [
        [0.1, tolerance],
        [1e-3, 1e-5], // some are below 2^-14, where 11 bits are left
        [1e-5, 3e-4], // all are
        [1e4, tolerance],
      ] as const) {
        const floats = normals(17 * columns, random).map((it) => it * size);
        const part = { type: "F32", rows: 17, bytes: new Uint8Array(floats.buffer) } as const;
        const { matrix, values } = await loadMatrix(bed(), columns, [part], random);
        const x = normals(9 * columns, random);
        const [variant] = matricesOffered(gpu);
        const out = await multiply(bed(), prompt, matrix, x, gpu, { variant: variant! });
        const what = `seed ${seed}, weights of ${size}`;
        expectClose(out.subarray(0, 9 * 17), products(values(), columns, x), allowed, what);
      }
    });

    test("weights that no half holds give NaN, not other numbers, and those of another workgroup do not", async ({
      skip,
    }) => {
      const gpu = withMatrices(skip);
      const seed = 785;
      const random = seededRandom(seed);
      const [columns, n] = [256, 80];
      const floats = normals(n * columns, random);
      floats[70 * columns + 9] = -70_000;
      const part = { type: "F32", rows: n, bytes: new Uint8Array(floats.buffer) } as const;
      const { matrix, values } = await loadMatrix(bed(), columns, [part], random);
      const x = normals(3 * columns, random);
      const expected = products(values(), columns, x);
      for (const variant of matricesOffered(gpu)) {
        const out = await multiply(bed(), prompt, matrix, x, gpu, { variant });
        for (let row = 0; row < 3; row++) {
          const [actual, right] = [out, expected].map((all) => all.subarray(row * n, row * n + 64));
          expectClose(actual!, right!, tolerance, `${variant}, seed ${seed}, row ${row}`);
          expect(out[row * n + 70], `${variant}, row ${row}`).toBeNaN();
        }
      }
    });

    test("a NaN or an infinity in a row shows in its products, and in no others", async ({ skip }) => {
      const gpu = withMatrices(skip);
      const seed = 790;
      const random = seededRandom(seed);
      const [columns, n] = [256, 20];
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
      const x = normals(4 * columns, random);
      x[columns + 7] = Number.NaN;
      x[3 * columns + 200] = Number.POSITIVE_INFINITY;
      const [variant] = matricesOffered(gpu);
      const out = await multiply(bed(), prompt, matrix, x, gpu, { variant: variant! });
      const expected = products(values(), columns, x);
      for (const row of [0, 2]) {
        const [actual, right] = [out, expected].map((all) => all.subarray(row * n, (row + 1) * n));
        expectClose(actual!, right!, tolerance, `seed ${seed}, row ${row}`);
      }
      for (const row of [1, 3])
        expectClose(
          out.subarray(row * n, (row + 1) * n).map((it) => Number(Number.isFinite(it))),
          new Float32Array(n),
          0,
          `seed ${seed}, finite products of row ${row}`,
        );
    });
  });

  test("pieces are scaled, added to a residual and go around a ring; a piece of no rows writes nothing", async ({
    skip,
  }) => {
    const gpu = withMatrices(skip);
    const seed = 795;
    const random = seededRandom(seed);
    const [columns, n, rows] = [256, 70, 9];
    const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
    const x = normals(rows * columns, random);
    const factors = normals(maxRows, random);
    const residual = normals(128 * n, random);
    for (const variant of matricesOffered(gpu)) {
      const out = bed().upload(residual);
      const scales = bed().upload(factors);
      const where = { accumulate: true, ring: 128, position: 125, out, scales, variant };
      await multiply(bed(), prompt, matrix, x, gpu, where);
      const y = products(values(), columns, x);
      const expected = Float64Array.from(residual);
      for (let t = 0; t < rows; t++) {
        for (let i = 0; i < n; i++) expected[((125 + t) % 128) * n + i]! += factors[t]! * y[t * n + i]!;
      }
      expectClose(await bed().floats(out), expected, tolerance, `${variant}, seed ${seed}`);
      const none = await multiply(bed(), prompt, matrix, new Float32Array(), gpu, { variant });
      expectWritten(none, () => false, "no rows");
    }
  });
});
