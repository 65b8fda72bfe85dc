import { describe, expect, test } from "vitest";
import { type Gpu, PlanRecorder } from "../../../engine/gpu/index.ts";
import { maxRows, type Path } from "../../../engine/model/index.ts";
import { type MatmulOptions, recordMatmul } from "../../../engine/model/layers/matmul.ts";
import type { Matrix } from "../../../engine/model/weights.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectClose, expectSameBits, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { type TestBed, withLanes } from "../support/test_bed.ts";
import { loadMatrix } from "../support/weights_file.ts";

// Products whose last columns go to a second buffer.
const seed = 205;
const wide = { kind: "rows", width: maxRows } as const;
const [columns, n, first] = [256, 46, 32];
const ring = 71; // rows from position 60 on come around it

/** A product with two outputs on a device, and what is right. */
interface Scene {
  readonly bed: TestBed;
  readonly gpu: Gpu;
  readonly matrix: Matrix;
  /** [columns, MAX_ROWS] */
  readonly x: Float32Array;
  /** [n, MAX_ROWS] */
  readonly expected: Float64Array;
}

/** Runs it for `rows` rows, holds all that it wrote against `expected`, and returns the rows, of both outputs together. */
async function check(
  { bed, gpu, matrix, x, expected }: Scene,
  path: Path,
  rows: number,
  options: Pick<MatmulOptions, "ring" | "last" | "skip"> = {},
): Promise<Float32Array> {
  const [out, rest] = [bed.poisoned(ring * first), bed.poisoned(maxRows * (n - first))];
  const to = { out, rest: { out: rest, first }, position: 60, ...options };
  await multiply(bed, path, matrix, x.subarray(0, rows * columns), gpu, to);
  const [left, right] = [await bed.floats(out), await bed.floats(rest)];

  const what = `seed ${seed}, ${rows} rows in ${path.width}, ${JSON.stringify(options)}`;
  const from = options.last ? rows - 1 : (options.skip ?? 0);
  const places = Array.from({ length: rows - from }, (_, t) => (options.ring ? (60 + t) % ring : t));
  expectWritten(left, (i) => places.includes(Math.floor(i / first)), what);
  expectWritten(right, (i) => i < places.length * (n - first), what);
  const got = places.flatMap((place, t) => [
    ...left.subarray(place * first, (place + 1) * first),
    ...right.subarray(t * (n - first), (t + 1) * (n - first)),
  ]);
  expectClose(got, expected.subarray(from * n, rows * n), productTolerance, what);
  return Float32Array.from(got);
}

const codebook = "a type with a codebook";
const matrices = [
  ["one type", [{ type: "Q8_0", rows: n }]],
  [codebook, [{ type: "IQ3_S", rows: n }]],
  [
    "two types, that change before it",
    [
      { type: "Q8_0", rows: 24 },
      { type: "F32", rows: 22 },
    ],
  ],
  [
    "two types, that change at it",
    [
      { type: "Q8_0", rows: first },
      { type: "F32", rows: 14 },
    ],
  ],
  [
    "three types",
    [
      { type: "F32", rows: first },
      { type: "Q8_0", rows: 8 },
      { type: "F16", rows: 6 },
    ],
  ],
] as const;

interface Run {
  readonly path: Path;
  readonly rows: number;
  readonly options: Pick<MatmulOptions, "ring" | "last" | "skip">;
}

const rowsOf = (width: number): Path => ({ kind: "rows", width });
const few: readonly Run[] = [
  { path: rowsOf(1), rows: 1, options: { ring } },
  { path: rowsOf(8), rows: 8, options: { ring } },
  { path: rowsOf(8), rows: 5, options: { last: true } },
  { path: rowsOf(8), rows: 5, options: { skip: 3, ring } },
];
const prompt = { kind: "prompt", width: 8 } as const;
/** As for a GPU each is a kernel of its own and takes seconds to compile: there few of them. */
const runs: Readonly<Record<"one" | "several", readonly Run[]>> = {
  several: few,
  one: [
    ...few,
    { path: rowsOf(5), rows: 5, options: { ring } },
    { path: rowsOf(8), rows: 5, options: { skip: 3 } },
    { path: prompt, rows: 5, options: {} },
    { path: prompt, rows: 5, options: { last: true } },
    { path: prompt, rows: 5, options: { skip: 3, ring } },
  ],
};

eachDevice((bed) => {
  describe.each(["one", "several"] as const)("lanes a row: %s", (lanes) => {
    const gpu = () => withLanes(bed().gpu, lanes);
    const offered = matrices.filter(([types]) => lanes === "one" || types !== codebook);

    test.each(offered)("a second output has the columns from one on, of %s", async (_, parts) => {
      const random = seededRandom(seed);
      const { matrix, values } = await loadMatrix(bed(), columns, parts, random);
      const x = normals(maxRows * columns, random);
      const scene = { bed: bed(), gpu: gpu(), matrix, x, expected: products(values(), columns, x) };
      const whole: Partial<Record<Path["kind"], Float32Array>> = {};
      for (const kind of ["rows", "prompt"] as const) {
        whole[kind] = await check(scene, { kind, width: maxRows }, maxRows, { ring });
        const alone = await multiply(bed(), { kind, width: maxRows }, matrix, x, gpu());
        expectSameBits(whole[kind], alone, `seed ${seed}, ${kind}: beside one output`);
      }
      for (const { path, rows, options } of runs[lanes]) {
        const some = await check(scene, path, rows, options);
        const from = options.last ? rows - 1 : (options.skip ?? 0);
        if (path.kind === "prompt" && options.last) continue; // that row goes by the row path
        const expected = whole[path.kind]!.subarray(from * n, rows * n);
        expectSameBits(some, expected, `seed ${seed}, ${rows} rows in ${path.width} (I3)`);
      }
    });

    test.each(offered)("so it has with the norm of the input, of %s", async (_, parts) => {
      const random = seededRandom(seed + 1);
      const { matrix } = await loadMatrix(bed(), columns, parts, random);
      const norm = { w: bed().upload(normals(columns, random)), epsilon: 1e-6 };
      const x = normals(2 * columns, random);
      const [out, rest] = [bed().poisoned(2 * first), bed().poisoned(2 * (n - first))];
      const outputs = { out, rest: { out: rest, first } };
      await multiply(bed(), rowsOf(2), matrix, x, gpu(), { norm, ...outputs });
      const whole = await multiply(bed(), rowsOf(2), matrix, x, gpu(), { norm });
      const [left, right] = [await bed().floats(out), await bed().floats(rest)];
      const both = [0, 1].flatMap((t) => [
        ...left.subarray(t * first, (t + 1) * first),
        ...right.subarray(t * (n - first), (t + 1) * (n - first)),
      ]);
      expectSameBits(Float32Array.from(both), whole.subarray(0, 2 * n), `seed ${seed + 1}`);
    });
  });

  test("two outputs are refused where they would be in lane order, added to or gated", async () => {
    const { matrix } = await loadMatrix(bed(), 64, [{ type: "Q8_0", rows: 64 }], seededRandom(1));
    const [x, out, other] = [bed().poisoned(64), bed().poisoned(64), bed().poisoned(64)];
    for (const option of ["laneOrder", "accumulate", "gated"] as const) {
      const rest = { out: other, first: 32 };
      const recorder = new PlanRecorder(bed().gpu);
      const record = () => recordMatmul(bed().rows(recorder, wide), matrix, { x, out, rest, [option]: true });
      expect(record, option).toThrowError(/^part 0 has two outputs, which are neither/);
    }
  });
});
