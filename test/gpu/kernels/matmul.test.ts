import { expect, test } from "vitest";
import { BLOCK_FORMATS, blockFormat, type TensorType } from "../../../engine/gguf/index.ts";
import { maxRows } from "../../../engine/model/index.ts";
import { recordMatmul } from "../../../engine/model/layers/matmul.ts";
import { lanesFor } from "../../../engine/model/layers/product_variants.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { withLanes } from "../support/test_bed.ts";
import { loadMatrix, type Part } from "../support/weights_file.ts";

const wide = { kind: "rows", width: maxRows } as const;

/** Row lengths with one lane a row, and with several: there, most are no multiple of lanes × 32. */
function columnsOf(type: TensorType): { one: number; several: number } {
  if (blockFormat(type).elements === 256) return { one: 1280, several: type === "Q3_K" ? 256 : 1280 };
  return type.endsWith("_0") ? { one: 512, several: 288 } : { one: 288, several: 512 };
}

eachDevice((bed, device) => {
  for (const [index, { type }] of BLOCK_FORMATS.entries()) {
    for (const lanes of ["one", "several"] as const) {
      // Lavapipe needs 10 s to compile this with lanes, and an engine on lavapipe never does; see the bits below.
      if (device === "lavapipe" && lanes === "several") continue;
      // There it decodes these in the tests of look-ups, by the same code: each product takes 4 s to compile.
      if (device === "lavapipe" && /^IQ[1-3]|^TQ/.test(type)) continue;
      const columns = columnsOf(type)[lanes];
      test(`${type}, rows of ${columns}, ${lanes === "one" ? "a lane" : "several lanes"} a row: the product of the decoded weights`, async () => {
        const seed = 100 + index;
        const random = seededRandom(seed);
        const gpu = withLanes(bed().gpu, lanes);
        expect(lanesFor(gpu, columns) > 1).toBe(lanes === "several");
        const { matrix, values } = await loadMatrix(bed(), columns, [{ type, rows: 37 }], random);
        const x = normals(21 * columns, random); // two readings of each weight: 16 rows, then 5
        const out = await multiply(bed(), wide, matrix, x, gpu);
        expectWritten(out, (i) => i < 21 * 37, `seed ${seed}`);
        expectClose(
          out.subarray(0, 21 * 37),
          products(values(), columns, x),
          productTolerance,
          `seed ${seed}`,
        );
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
    const { matrix, values } = await loadMatrix(bed(), 256, parts, random);
    expect(matrix.slabs.map(({ type, row, rows }) => `${type} ${row}+${rows}`)).toEqual([
      "Q4_K 0+64",
      "Q6_K 64+33",
      "Q6_K 97+15",
      "F32 112+5",
    ]);
    const x = normals(3 * 256, random);
    const expected = products(values(), 256, x);
    for (const lanes of ["one", "several"] as const) {
      const gpu = withLanes(bed().gpu, lanes);
      const path = { kind: "rows", width: 3 } as const;
      const recorded = await bed().plan(
        (to) => recordMatmul(bed().rows(to, path), matrix, { x: bed().step, out: bed().poisoned(4) }),
        gpu,
      );
      // On a GPU two types share a dispatch.
      expect(recorded.dispatches.map(({ kernel }) => kernel.name)).toEqual(
        lanes === "one"
          ? ["matmul Q4_K ×3", "matmul Q6_K ×3", "matmul Q6_K ×3", "matmul F32 ×3"]
          : ["matmul Q4_K + Q6_K ×3", "matmul Q6_K + F32 ×3"],
      );
      const out = await multiply(bed(), path, matrix, x, gpu);
      expectWritten(out, (i) => i < 3 * 117, `seed ${seed}`);
      expectClose(out.subarray(0, 3 * 117), expected, productTolerance, `seed ${seed}, lanes: ${lanes}`);
      if (lanes === "one") continue;
      const alone = await multiply(bed(), { kind: "rows", width: 1 }, matrix, x.subarray(0, 256), gpu);
      expectSameBits(alone.subarray(0, 117), out.subarray(0, 117), `seed ${seed}, lanes: ${lanes}`);
    }
  });
});
