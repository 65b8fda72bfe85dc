import { expect, test } from "vitest";
import { maxRows } from "../../../engine/model/index.ts";
import { recordMatmul } from "../../../engine/model/layers/matmul.ts";
import { dequantize } from "../../reference/dequantize.ts";
import { seededRandom } from "../../reference/random.ts";
import { randomBlocks } from "../../reference/random_blocks.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { toLaneOrder } from "../support/lane_rows.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { poison, withLanes } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

const wide = { kind: "rows", width: maxRows } as const;

/** All numbers of rows that share a reading of a weight, where a lane has a row; else few, for the time to compile them. */
function widthsOf(type: string, lanes: string): readonly number[] {
  if (type === "Q6_K") return [maxRows]; // 16 rows at a time, where a group is halved
  return lanes === "one" && type === "Q8_0" ? [2, 3, 4, 5, 6, 7, 8, 12, maxRows] : [3, 4, maxRows];
}

eachDevice((bed, device) => {
  for (const [type, columns, n] of [
    ["Q8_0", 288, 70],
    ["Q4_K", 1280, 70],
    ["Q6_K", 512, 72],
  ] as const) {
    for (const lanes of ["one", "several"] as const) {
      if (type === "Q6_K" && lanes === "one") continue; // it has no other form of its own there
      if (device === "lavapipe" && lanes === "several" && type === "Q4_K") continue; // half a minute to compile
      test(`${type}, ${lanes === "one" ? "a lane" : "several lanes"} a row: rows are bit-equal beside 0 to 63 others (I3)`, async () => {
        const seed = 301;
        const random = seededRandom(seed);
        const gpu = withLanes(bed().gpu, lanes);
        const { matrix } = await loadMatrix(bed(), columns, [{ type, rows: n }], random);
        const x = bed().upload(normals(maxRows * columns, random));
        const out = bed().poisoned(maxRows * n);
        const record = (width: number, last = false) =>
          bed().plan(
            (to) => recordMatmul(bed().rows(to, { kind: "rows", width }), matrix, { x, out, last }),
            gpu,
          );
        const one = await record(1, true);
        const alone = new Float32Array(maxRows * n);
        for (let t = 0; t < maxRows; t++) {
          bed().setStep(0, t + 1);
          bed().execute(one);
          alone.set(new Float32Array(await bed().gpu.read(out, n * 4)), t * n);
        }
        for (const width of widthsOf(type, lanes)) {
          const plan = await record(width);
          for (let rows = width > 8 ? 1 : width - 1; rows <= width; rows++) {
            bed().write(out, new Uint32Array(maxRows * n).fill(poison));
            bed().setStep(0, rows);
            bed().execute(plan);
            const together = await bed().floats(out);
            const what = `seed ${seed}, ${rows} rows in a plan of ${width}`;
            expectSameBits(together.subarray(0, rows * n), alone.subarray(0, rows * n), what);
            expectWritten(together, (i) => i < rows * n, what);
          }
        }
      });
    }
  }

  test("rows go where the options say: added to a residual, around a ring, the last one alone, between others", async () => {
    const seed = 202;
    const random = seededRandom(seed);
    const [columns, n, rows] = [64, 6, 5];
    const { matrix, values } = await loadMatrix(bed(), columns, [{ type: "Q8_0", rows: n }], random);
    const x = normals(rows * columns, random);
    const expected = products(values(), columns, x);
    const residual = normals(rows * n, random);

    const sum = bed().upload(residual, maxRows * n);
    const added = await multiply(bed(), wide, matrix, x, bed().gpu, { accumulate: true, out: sum });
    expect(added.every(Number.isNaN)).toBe(true); // its own `out` is not the one given
    const got = await bed().floats(sum);
    expectWritten(got, (i) => i < rows * n, `residual, seed ${seed}`);
    expectClose(
      got.subarray(0, rows * n),
      expected.map((y, i) => y + residual[i]!),
      productTolerance,
      `residual, seed ${seed}`,
    );

    const ring = 7; // positions 12 to 16 lie at 5, 6, 0, 1, 2
    const around = await multiply(bed(), wide, matrix, x, bed().gpu, { ring, position: 12 });
    const turned = [2, 3, 4, undefined, undefined, 0, 1].flatMap((t) =>
      t === undefined ? new Array<number>(n).fill(0) : [...expected.subarray(t * n, (t + 1) * n)],
    );
    expectWritten(around, (i) => i < 3 * n || (i >= 5 * n && i < ring * n), `ring, seed ${seed}`);
    expectClose(
      around.subarray(0, ring * n).map((y) => (Number.isNaN(y) ? 0 : y)),
      turned,
      productTolerance,
      `ring, seed ${seed}`,
    );

    const last = await multiply(bed(), wide, matrix, x, bed().gpu, { last: true });
    expectWritten(last, (i) => i < n, `last, seed ${seed}`);
    expectClose(last.subarray(0, n), expected.subarray(4 * n), productTolerance, `last, seed ${seed}`);

    const rest = await multiply(bed(), wide, matrix, x, bed().gpu, { skip: 3 });
    expectWritten(rest, (i) => i < 2 * n, `skip, seed ${seed}`);
    expectClose(rest.subarray(0, 2 * n), expected.subarray(3 * n), productTolerance, `skip, seed ${seed}`);

    const turnedInput = [2, 3, 4, undefined, undefined, 0, 1].flatMap((t) =>
      t === undefined
        ? new Array<number>(columns).fill(Number.NaN)
        : [...x.subarray(t * columns, (t + 1) * columns)],
    );
    const fromRing = await multiply(bed(), wide, matrix, x, bed().gpu, {
      x: bed().upload(toLaneOrder(turnedInput, columns), maxRows * columns),
      xRing: ring,
      position: 12,
    });
    expectClose(fromRing.subarray(0, rows * n), expected, productTolerance, `input ring, seed ${seed}`);

    const between = bed().poisoned(maxRows * 8);
    await multiply(bed(), wide, matrix, x, bed().gpu, { out: between, outStride: 8 });
    const strided = await bed().floats(between);
    expectWritten(strided, (i) => i < rows * 8 && i % 8 < n, `strides, seed ${seed}`);
    const packed = strided.filter((_, i) => i < rows * 8 && i % 8 < n);
    expectClose(packed, expected, productTolerance, `strides, seed ${seed}`);
  });

  for (const kind of ["rows", "prompt"] as const) {
    test(`${kind}: rows that products are to read lie in lane order, of all slabs, added to a residual or not`, async () => {
      const seed = 204;
      const random = seededRandom(seed);
      const [columns, n, rows] = [64, 96, 5];
      const parts = [
        { type: "Q8_0", rows: 40 }, // the second slab begins within a group of 32
        { type: "F32", rows: 56 },
      ] as const;
      const { matrix } = await loadMatrix(bed(), columns, parts, random);
      const path = { kind, width: maxRows };
      const x = normals(rows * columns, random);
      const residual = normals(rows * n, random);
      const out = bed().upload(toLaneOrder(residual, n), maxRows * n);
      const sum = bed().upload(residual, maxRows * n);
      const plain = await multiply(bed(), path, matrix, x);
      const placed = await multiply(bed(), path, matrix, x, bed().gpu, { laneOrder: true });
      await multiply(bed(), path, matrix, x, bed().gpu, { laneOrder: true, accumulate: true, out });
      await multiply(bed(), path, matrix, x, bed().gpu, { accumulate: true, out: sum });
      expectWritten(plain, (i) => i < rows * n, `seed ${seed}`);
      expectSameBits(placed, toLaneOrder(plain, n), `seed ${seed}`);
      expectSameBits(
        await bed().floats(out),
        toLaneOrder(await bed().floats(sum), n),
        `seed ${seed}, residual`,
      );
    });
  }

  test("a pass of no rows writes nothing", async () => {
    const { matrix } = await loadMatrix(bed(), 64, [{ type: "Q8_0", rows: 6 }], seededRandom(1));
    for (const options of [{}, { last: true }, { ring: 7 }]) {
      const out = await multiply(bed(), wide, matrix, new Float32Array(), bed().gpu, options);
      expectWritten(out, () => false, JSON.stringify(options));
    }
  });

  // Dispatch arithmetic is the same on every device, and SwiftShader is slow at it.
  test.skipIf(device === "swiftshader")("a vocabulary of more than 32,768 workgroups is whole", async () => {
    const seed = 203;
    const random = seededRandom(seed);
    const [columns, n, period] = [1024, 65_600, 127]; // 32 lanes a row: 32,800 workgroups; 127 rows over and over
    const some = randomBlocks("Q2_K", 4 * period, random);
    const bytes = Uint8Array.from({ length: n * 336 }, (_, i) => some[i % some.length]!);
    const { matrix } = await loadMatrix(bed(), columns, [{ type: "Q2_K", rows: n, bytes }], random);
    const x = normals(columns, random);
    const input = bed().upload(toLaneOrder(x, columns));
    const out = bed().poisoned(n);
    bed().setStep(0, 1);
    const path = { kind: "rows", width: 1 } as const;
    const gpu = withLanes(bed().gpu, "several");
    await bed().run((to) => recordMatmul(bed().rows(to, path), matrix, { x: input, out }), { gpu });
    const y = products(dequantize("Q2_K", some), columns, x);
    const expected = Float64Array.from({ length: n }, (_, i) => y[i % period]!);
    expectClose(await bed().floats(out), expected, productTolerance, `seed ${seed}`);
  });
});
