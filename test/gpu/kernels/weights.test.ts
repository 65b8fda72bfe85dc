import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { BLOCK_FORMATS, blockFormat, type GgufFile, type TensorType } from "../../../engine/gguf/index.ts";
import { maxRows } from "../../../engine/model/index.ts";
import { recordEmbedding } from "../../../engine/model/layers/matmul.ts";
import { readsUnderWay } from "../../../engine/model/upload.ts";
import { Weights } from "../../../engine/model/weights.ts";
import { type Random, seededRandom } from "../../reference/random.ts";
import { expectClose, expectWritten } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { normals } from "../support/inputs.ts";
import { fromLaneOrder } from "../support/lane_rows.ts";
import { multiply, products, productTolerance } from "../support/products.ts";
import { withBindingLimit } from "../support/test_bed.ts";
import { loadMatrix, upload } from "../support/weights_file.ts";

/** Where blocks that are no whole words keep their scale. */
const scaleAt: Partial<Record<TensorType, number>> = {
  Q8_0: 0,
  Q4_0: 0,
  Q5_0: 0,
  IQ4_NL: 0,
  Q3_K: 108,
  Q6_K: 208,
  IQ3_S: 0,
  TQ1_0: 52,
  MXFP4: 0,
};

/** What the planes of a matrix must hold: the blocks, or the blocks without their scales and the scales. */
function planesOf(type: TensorType, bytes: Uint8Array): Uint8Array[] {
  const at = scaleAt[type];
  if (at === undefined) return [bytes];
  const size = blockFormat(type).bytes;
  const isScale = (_: number, i: number) => i % size >= at && i % size < at + (size % 4);
  const words = bytes.filter((byte, i) => !isScale(byte, i));
  return [type === "Q6_K" ? byGroups(words) : words, bytes.filter(isScale)];
}

/** Blocks of Q6_K without their scale, the bits of each group of 32 side by side (repack_q6_k.wgsl), by NETWORK.md 6.2. */
function byGroups(blocks: Uint8Array): Uint8Array {
  const out = new Uint8Array(blocks.length);
  for (let at = 0; at < blocks.length; at += 208) {
    for (let e = 0; e < 256; e++) {
      const [j, l] = [e >> 5, e & 31];
      const [n, r] = [j >> 2, j & 3];
      const low = (blocks[at + 64 * n + 32 * (r & 1) + l]! >> (r < 2 ? 0 : 4)) & 15;
      const high = (blocks[at + 128 + 32 * n + l]! >> (2 * r)) & 3;
      out[at + 16 * j + 4 * (l >> 3) + (l & 3)]! |= low << (4 * ((l >> 2) & 1));
      out[at + 128 + 8 * j + 4 * (l >> 4) + (l & 3)]! |= high << (2 * ((l >> 2) & 3));
    }
    out.set(blocks.subarray(at + 192, at + 208), at + 192);
  }
  return out;
}

/** Bytes below 64, which make no f16 that is NaN or infinite: loading would refuse it. */
const randomBytes = (count: number, random: Random): Uint8Array =>
  new Uint8Array(
    Uint32Array.from({ length: Math.ceil(count / 4) }, () => (random() * 2 ** 32) & 0x3f3f3f3f).buffer,
    0,
    count,
  );

// Decoding rounds up to three times, and where a minimum is subtracted the error is that of the larger number.
const decodeTolerance = 2 ** -22;

eachDevice((bed) => {
  for (const [type, columns, rows] of [
    ["Q8_0", 1280, 6_500], // 8.8 MB: two pieces
    ["Q6_K", 1280, 8_199], // 8.6 MB, an odd number of blocks
    ["Q4_K", 1280, 11_701], // 8.4 MB
    ["Q5_0", 288, 37],
    ["Q4_0", 32, 1],
    ["IQ4_NL", 96, 3],
    ["Q3_K", 256, 5],
    ["F16", 32, 3],
    ["IQ3_S", 256, 7],
    ["TQ1_0", 512, 3],
    ["MXFP4", 32, 3],
    ["MXFP4", 288, 37],
    ["MXFP4", 1280, 12_500], // 8.5 MB: two pieces
  ] as const) {
    test(`${type} [${columns}, ${rows}] arrives whole, its scales beside it where they break alignment`, async () => {
      const seed = 501;
      const { matrix, bytes } = await loadMatrix(bed(), columns, [{ type, rows }], seededRandom(seed));
      const [slab, ...others] = matrix.slabs;
      expect(others).toEqual([]);
      const planes = planesOf(type, bytes[0]!);
      const { codebook: _, ...own } = slab!.planes;
      const loaded = Object.values(own);
      expect(loaded).toHaveLength(planes.length);
      for (const [i, plane] of planes.entries()) {
        const got = new Uint8Array(await bed().gpu.read(loaded[i]!, plane.length));
        expect(Buffer.compare(got, plane), `seed ${seed}, plane ${i}`).toBe(0);
      }
    });
  }

  for (const [type, columns, rows] of [
    ["Q6_K", 256, 30], // ranges of an odd number of blocks: scales of two share a word
    ["MXFP4", 32, 30],
    ["Q4_K", 512, 30],
    ["Q8_0", 96, 30],
    ["F16", 1280, 5_400], // 9.3 MB of them: two pieces, the first of which ends within a range
  ] as const) {
    test(`${type}: ranges of ${rows} rows, in any order and in two tensors, make the rows of a matrix`, async () => {
      const seed = 503;
      const third = rows / 3;
      const ranges = [
        { first: 2 * third, count: third },
        { first: 1, count: 3 },
        { first: third - 1, count: 1 },
        { first: third, count: third },
      ];
      const rowBytes = (columns / blockFormat(type).elements) * blockFormat(type).bytes;
      const random = seededRandom(seed);
      const parts = [
        { type, rows, ranges },
        { type, rows: 7 },
        { type, rows, ranges: ranges.slice(1, 3) },
      ].map((part) => ({ ...part, bytes: randomBytes(part.rows * rowBytes, random) }));
      for (const limit of [Number.POSITIVE_INFINITY, Math.ceil(rows / 4) * rowBytes]) {
        const gpu = Number.isFinite(limit) ? withBindingLimit(bed().gpu, limit) : bed().gpu;
        const { matrix } = await loadMatrix(bed(), columns, parts, random, gpu);
        const expected = Buffer.concat(
          parts.flatMap(({ bytes, rows, ranges = [{ first: 0, count: rows }] }) =>
            ranges.map(({ first, count }) => bytes.subarray(first * rowBytes, (first + count) * rowBytes)),
          ),
        );
        expect(matrix.rows * rowBytes).toBe(expected.length);
        for (const { row, rows, planes } of matrix.slabs) {
          const { codebook: _, ...own } = planes;
          const blocks = planesOf(type, expected.subarray(row * rowBytes, (row + rows) * rowBytes));
          for (const [i, plane] of blocks.entries()) {
            const got = new Uint8Array(await bed().gpu.read(Object.values(own)[i]!, plane.length));
            expect(Buffer.compare(got, plane), `seed ${seed}, rows from ${row}, plane ${i}`).toBe(0);
          }
        }
      }
    });
  }

  /** A file of one tensor `w` [1280, rows] in Q8_0, whose reads `read` answers. */
  const fileOf = (rows: number, read: GgufFile["read"]): GgufFile => {
    const tensor = {
      name: "w",
      dims: [1280, rows],
      type: "Q8_0",
      supported: true,
      offset: 0,
      bytes: rows * 1360,
    };
    return { path: "model.gguf", tensors: new Map([["w", tensor]]), read } as unknown as GgufFile;
  };

  // Later reads are under way while the first piece's kernel compiles: a failure there is not awaited yet and must not
  // become an unhandled rejection, which vitest reports.
  test("a read that fails while another piece is written is the error of the upload, which waits for the other reads", async () => {
    let reads = 0;
    let ended = 0;
    const file = fileOf(60_000, async () => {
      const read = reads++;
      if (read === 1) throw new UserError({ code: "disk", problem: "the disk is gone", advice: "mount it" });
      if (read > 1) await new Promise((resolve) => setTimeout(resolve, 50));
      ended++;
    });
    const weights = new Weights(bed().gpu, file);
    weights.matrix(1280, [["w", 60_000]]);
    await expect(upload(weights)).rejects.toThrow("the disk is gone");
    expect({ reads, ended }).toEqual({ reads: readsUnderWay + 1, ended: readsUnderWay });
    weights.free();
  });

  test("several reads are under way, into as many buffers, and pieces arrive in order however the reads end", async () => {
    const rows = 62_000; // 84 MB: eleven pieces
    const bytes = randomBytes(rows * 1360, seededRandom(504));
    const targets = new Set<ArrayBufferLike>();
    let underWay = 0;
    let most = 0;
    let order = 0;
    const file = fileOf(rows, async (offset, target) => {
      most = Math.max(most, ++underWay);
      targets.add(target.buffer);
      // Of four that begin together the last ends first.
      await new Promise((resolve) => setTimeout(resolve, 20 - 5 * (order++ % readsUnderWay)));
      target.set(bytes.subarray(offset, offset + target.length));
      underWay--;
    });
    const weights = new Weights(bed().gpu, file);
    const { slabs } = weights.matrix(1280, [["w", rows]]);
    const held = bed().gpu.bytesHeld();
    await upload(weights);
    expect({ most, buffers: targets.size, underWay }).toEqual({
      most: readsUnderWay,
      buffers: readsUnderWay,
      underWay: 0,
    });
    expect(bed().gpu.bytesHeld()).toEqual(held);
    const { words, scales } = slabs[0]!.planes;
    for (const [i, plane] of planesOf("Q8_0", bytes).entries()) {
      const got = new Uint8Array(await bed().gpu.read([words, scales!][i]!, plane.length));
      expect(Buffer.compare(got, plane), `plane ${i}`).toBe(0);
    }
    weights.free();
  });

  /** A file of one tensor `w` [1280, rows] that is sound but for the scale of one block. */
  function fileWithNaN(type: "Q8_0" | "Q6_K", rows: number, block: number): GgufFile {
    const { bytes: size, elements, scales } = blockFormat(type);
    const bytes = new Uint8Array((rows * 1280 * size) / elements);
    new DataView(bytes.buffer).setUint16(block * size + scales[0]!, 0x7e00, true);
    const tensor = { name: "w", dims: [1280, rows], type, supported: true, offset: 0, bytes: bytes.length };
    return {
      path: "folder/model.gguf",
      tensors: new Map([["w", tensor]]),
      read: async (offset: number, target: Uint8Array) => {
        target.set(bytes.subarray(offset, offset + target.length));
      },
    } as unknown as GgufFile;
  }

  test("a weight that is no number is the error of the upload, by its tensor and row", async () => {
    // 40 blocks of Q8_0 a row; row 6400 is in the second piece.
    for (const [type, row, block] of [
      ["Q8_0", 0, 3],
      ["Q8_0", 6_400, 6_400 * 40 + 39],
      ["Q6_K", 6_400, 6_400 * 5],
    ] as const) {
      const weights = new Weights(bed().gpu, fileWithNaN(type, 6_500, block));
      weights.matrix(1280, [["w", 6_500]]);
      await expect(upload(weights)).rejects.toThrow(
        `model.gguf has NaN or infinity in row ${row} of the 6500 of tensor w: download it again`,
      );
      weights.free();
    }
  });

  test("rows that pad a table may hold anything: they are not loaded", async () => {
    const weights = new Weights(bed().gpu, fileWithNaN("Q8_0", 101, 100 * 40));
    weights.table("w", 1280, 100);
    await upload(weights);
    weights.free();
  });

  for (const type of ["Q6_K", "Q4_1", "F32"] as const) {
    test(`${type}: a matrix larger than a binding is split by rows, for products and for look-ups`, async () => {
      const seed = 502;
      const random = seededRandom(seed);
      const [columns, rows] = [256, 37];
      const rowBytes = (columns / blockFormat(type).elements) * blockFormat(type).bytes;
      const gpu = withBindingLimit(bed().gpu, 15 * rowBytes + 3);
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type, rows }], random, gpu);
      expect(matrix.slabs.map(({ row, rows }) => [row, rows])).toEqual([
        [0, 14],
        [14, 14],
        [28, 9],
      ]);
      const x = normals(columns, random);
      const weights = values();
      const out = await multiply(bed(), { kind: "rows", width: 1 }, matrix, x);
      expectClose(out.subarray(0, rows), products(weights, columns, x), productTolerance, `seed ${seed}`);

      const ids = [13, 14, 36, 0, 27, 28, 14];
      const looked = bed().poisoned(maxRows * columns);
      bed().setStep(0, ids);
      await bed().run((to) =>
        recordEmbedding(bed().rows(to, { kind: "rows", width: maxRows }), matrix, looked),
      );
      const got = fromLaneOrder(await bed().floats(looked), columns);
      const expected = Float64Array.from(
        ids.flatMap((id) => [...weights.subarray(id * columns, (id + 1) * columns)]),
      );
      expectWritten(got, (i) => i < expected.length, `seed ${seed}`);
      expectClose(got.subarray(0, expected.length), expected, decodeTolerance, `seed ${seed}`);
    });
  }

  for (const [index, { type, elements }] of BLOCK_FORMATS.entries()) {
    test(`${type}: a look-up is the decoded row of its token`, async () => {
      const seed = 520 + index;
      const random = seededRandom(seed);
      const [columns, rows] = [elements === 256 ? 512 : 288, 101];
      const { matrix, values } = await loadMatrix(bed(), columns, [{ type, rows }], random);
      const ids = Array.from({ length: 21 }, () => Math.floor(random() * rows));
      ids[7] = rows; // an id outside the table, as from a damaged file: its row is left alone
      const x = bed().poisoned(maxRows * columns);
      bed().setStep(0, ids);
      await bed().run((to) => recordEmbedding(bed().rows(to, { kind: "rows", width: maxRows }), matrix, x));
      const got = fromLaneOrder(await bed().floats(x), columns);
      const weights = values();
      expectWritten(
        got,
        (i) => i < ids.length * columns && ids[Math.floor(i / columns)] !== rows,
        `seed ${seed}`,
      );
      for (const [t, id] of ids.entries()) {
        if (id === rows) continue;
        const expected = weights.subarray(id * columns, (id + 1) * columns);
        expectClose(
          got.subarray(t * columns, (t + 1) * columns),
          expected,
          decodeTolerance,
          `seed ${seed}, id ${id}`,
        );
      }
    });
  }

  test("the weights of a norm lie in lane order: of each group of 32 the first quad, then of each the second", async () => {
    const columns = 3 * 32;
    const floats = normals(columns, seededRandom(505));
    const tensor = {
      name: "w",
      dims: [columns],
      type: "F32",
      supported: true,
      offset: 8,
      bytes: 4 * columns,
    };
    const file = {
      path: "model.gguf",
      tensors: new Map([["w", tensor]]),
      read: async (offset: number, target: Uint8Array) => {
        target.set(new Uint8Array(floats.buffer).subarray(offset - 8, offset - 8 + target.length));
      },
    } as unknown as GgufFile;
    const weights = new Weights(bed().gpu, file);
    const w = weights.norm("w", columns);
    await upload(weights);
    const expected = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((quad) =>
      [0, 1, 2].flatMap((group) => [...floats.subarray(32 * group + 4 * quad, 32 * group + 4 * quad + 4)]),
    );
    expect([...(await bed().floats(w))]).toEqual(expected);
    weights.free();
  });

  test("halves below 2^-14 keep their value: the small weights of Q6_K and IQ4_XS need them", async () => {
    const bits = Uint16Array.from({ length: 1024 }, (_, i) => (i & 1 ? 0x8000 : 0) | i); // every subnormal
    const bytes = new Uint8Array(bits.buffer);
    const { matrix, values } = await loadMatrix(
      bed(),
      1024,
      [{ type: "F16", rows: 1, bytes }],
      seededRandom(0),
    );
    const x = bed().poisoned(1024);
    bed().setStep(0, [0]);
    await bed().run((to) => recordEmbedding(bed().rows(to, { kind: "rows", width: 1 }), matrix, x));
    expect(fromLaneOrder(await bed().floats(x), 1024)).toEqual(Float32Array.from(values()));
  });
});
