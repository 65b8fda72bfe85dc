import { expect, test } from "vitest";
import { BLOCK_FORMATS, type TensorType } from "../../engine/gguf/index.ts";
import type { Gpu } from "../../engine/gpu/index.ts";
import { maxRows } from "../../engine/model/index.ts";
import { lanesFor, type MatmulOptions, recordMatmul } from "../../engine/model/matmul.ts";
import { seededRandom } from "../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "./support/compare.ts";
import { eachDevice } from "./support/devices.ts";
import { normals } from "./support/inputs.ts";
import { products, productTolerance } from "./support/products.ts";
import { type TestBed, withLanes } from "./support/test_bed.ts";
import { type LoadedMatrix, loadMatrix, type Part } from "./support/weights_file.ts";

const manyRows = { kind: "rows", width: maxRows } as const;

/** Row lengths: with one lane, and with several, where most are no multiple of lanes × 32. */
function columnsOf(type: TensorType): { one: number; several: number } {
  if (type.endsWith("_K") || type === "IQ4_XS") return { one: 1280, several: type === "Q3_K" ? 256 : 1280 };
  return type.endsWith("_0") ? { one: 512, several: 288 } : { one: 288, several: 512 };
}

/** Runs the product for `rows` rows and returns all of `out`, 64 rows of it. */
async function multiply(
  bed: TestBed,
  { matrix }: LoadedMatrix,
  x: Float32Array,
  { rows, width = maxRows, gpu = bed.gpu }: { rows: number; width?: number; gpu?: Gpu },
  options: Partial<MatmulOptions> = {},
): Promise<Float32Array> {
  const input = bed.upload(x, (maxRows + 1) * matrix.columns);
  const out = bed.poisoned(maxRows * matrix.rows);
  bed.setStep(5, rows);
  const path = { kind: "rows", width } as const;
  const plan = await bed.plan(
    (to) => recordMatmul(to, path, matrix, bed.step, { x: input, out, ...options }),
    gpu,
  );
  bed.execute(plan);
  return bed.floats(out);
}

eachDevice((bed) => {
  for (const [index, { type }] of BLOCK_FORMATS.entries()) {
    for (const lanes of ["one", "several"] as const) {
      const columns = columnsOf(type)[lanes];
      test(`${type} times rows of ${columns}, ${lanes === "one" ? "a lane" : "several lanes"} a row`, async () => {
        const seed = 100 + index;
        const random = seededRandom(seed);
        const gpu = lanes === "one" ? bed().gpu : withLanes(bed().gpu);
        expect(lanesFor(gpu, columns) > 1).toBe(lanes === "several");
        const rows = 21; // two readings of each weight: 16 rows, then 5
        const loaded = await loadMatrix(bed(), columns, [{ type, rows: 37 }], random);
        const x = normals(rows * columns, random);
        const out = await multiply(bed(), loaded, x, { rows, gpu });
        expectWritten(out, (i) => i < rows * 37, `seed ${seed}`);
        const expected = products(loaded.values, columns, x);
        expectClose(out.subarray(0, expected.length), expected, productTolerance, `seed ${seed}`);
      });
    }
  }

  test("joined tensors of mixed types are one matrix", async () => {
    const seed = 201;
    const random = seededRandom(seed);
    const parts: Part[] = [
      { type: "Q4_K", rows: 64 },
      { type: "Q6_K", rows: 33 }, // an odd number of blocks: what follows cannot share its slab
      { type: "Q6_K", rows: 8 },
      { type: "Q6_K", rows: 7 },
      { type: "F32", rows: 5 },
    ];
    const loaded = await loadMatrix(bed(), 256, parts, random);
    expect(loaded.matrix.slabs.map(({ type, row, rows }) => `${type} ${row}+${rows}`)).toEqual([
      "Q4_K 0+64",
      "Q6_K 64+33",
      "Q6_K 97+15",
      "F32 112+5",
    ]);
    const x = normals(3 * 256, random);
    const out = await multiply(bed(), loaded, x, { rows: 3 });
    expectWritten(out, (i) => i < 3 * 117, `seed ${seed}`);
    expectClose(out.subarray(0, 3 * 117), products(loaded.values, 256, x), productTolerance, `seed ${seed}`);
  });
});
