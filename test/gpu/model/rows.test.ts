import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Evaluator } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import type { Gpu } from "../../../engine/gpu/index.ts";
import { loadModel, type Model, maxRows, tapeRows } from "../../../engine/model/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { expectSameBits } from "../support/compare.ts";
import { eachDevice } from "../support/devices.ts";
import { toLaneOrder } from "../support/lane_rows.ts";
import { fixtures, hiddenRows } from "../support/models.ts";
import { poison, withLanes } from "../support/test_bed.ts";

// I3: a pass of T rows gives the bits of T passes of one row. The model mixes Q4_K, Q5_0 and Q6_K.
const path = join(fixtures, "models", "micro-Q4_K_M.gguf");
const context = 320;
const seed = 4711;

/** A pass of so many rows, from a position on. */
type PassAt = readonly [rows: number, start: number];

/** A pass of T rows around the position where the tape wraps. */
const atWrap = (rows: number): PassAt => [rows, tapeRows - Math.ceil(rows / 2)];
const fromStart = (rows: number): PassAt => [rows, 0];

/** Every number of rows from 1 to 64, odd ones from position 0 and even ones where the tape wraps; some at both. */
const allPasses: readonly PassAt[] = Array.from({ length: maxRows }, (_, i) => i + 1).flatMap((rows) =>
  [1, 2, 16, 17, maxRows].includes(rows)
    ? [fromStart(rows), atWrap(rows)]
    : [rows % 2 === 1 ? fromStart(rows) : atWrap(rows)],
);
/** One of each kernel's numbers of rows, and their neighbours. */
const somePasses = [...[1, 2, 5, 17, 64].map(fromStart), ...[1, 3, 8, 16, 33].map(atWrap)];
/** What another type of keys and values, or lanes, may change: across position 64, where attention begins its second split. */
const fewPasses: readonly PassAt[] = [fromStart(2), [16, 56], [2, 63], [64, 1]];

eachDevice((bed, device) => {
  let model: Model;
  beforeAll(async () => {
    await using file = await openGguf(path);
    model = await loadModel(bed().gpu, file);
  });
  afterAll(() => model.free());

  for (const kvType of ["f32", "f16"] as const) {
    // Lavapipe would compile a GPU's kernels, with several lanes a row, for minutes.
    const asOnGpu = kvType === "f16" && device === "swiftshader";
    describe(`${kvType} KV${asOnGpu ? ", a GPU's kernels" : ""}`, () => {
      let evaluator: Evaluator;
      let sequence: Sequence;
      beforeAll(async () => {
        const gpu = asOnGpu ? withLanes(bed().gpu, "several") : bed().gpu;
        evaluator = new Evaluator(gpu, model, { context, kvType, mtp: true });
        sequence = await decode(evaluator, Math.max(...passes.map(([rows, start]) => rows + start)));
      });
      afterAll(() => evaluator.free());

      const passes = kvType === "f16" ? fewPasses : device === "swiftshader" ? somePasses : allPasses;
      test.each(passes)(
        "%i rows side by side from position %i give the bits of single passes",
        (rows, start) => check(evaluator, sequence, start, rows),
      );
    });
  }
}, "fast");

/** A buffer to which each position adds a row: a KV cache, or a tape, in which rows take the place of older ones. */
interface RowBuffer {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly rows: number;
}

/** Everything that decoding one token at a time leaves, bit for bit; index p belongs to position p. */
interface Sequence {
  readonly ids: readonly number[];
  readonly logits: readonly Float32Array[];
  readonly mtpLogits: readonly Float32Array[];
  /** Post-norm rows of the trunk. */
  readonly hidden: readonly Float32Array[];
  /** By row buffer: the row of each position. */
  readonly rows: readonly (readonly Float32Array[])[];
  /** States, slot 0, before each position. */
  readonly states: readonly (readonly Float32Array[])[];
}

const rowBuffers = ({ sequence: { memory } }: Evaluator): RowBuffer[] => [
  ...memory.kv.flatMap((layer, i) =>
    Object.entries(layer ?? {}).map(([name, buffer]) => ({
      name: `${name} of block ${i}`,
      buffer,
      rows: context,
    })),
  ),
  ...memory.recurrent.flatMap((layer, i) =>
    layer
      ? [
          { name: `tape of block ${i}`, buffer: layer.tape, rows: tapeRows },
          { name: `gates of block ${i}`, buffer: layer.gates, rows: tapeRows },
        ]
      : [],
  ),
];

const stateBuffers = ({ sequence: { memory } }: Evaluator): GPUBuffer[] =>
  memory.recurrent.flatMap((layer) => layer?.slots ?? []);

/** Slot 0 of each delta net, at the sequence's position. */
async function readStates(evaluator: Evaluator): Promise<Float32Array[]> {
  await evaluator.sequence.commit();
  const { valueHeads, headSize } = evaluator.model.h.delta;
  return Promise.all(
    stateBuffers(evaluator).map((buffer) => evaluator.rows(buffer, 1, valueHeads * headSize ** 2)),
  );
}

const words = ({ buffer, rows }: RowBuffer): number => buffer.size / 4 / rows;

const read = async (gpu: Gpu, buffer: GPUBuffer): Promise<Float32Array> =>
  new Float32Array(await gpu.read(buffer));

async function decode(evaluator: Evaluator, positions: number): Promise<Sequence> {
  const { model } = evaluator;
  const { vocabulary } = model.h;
  const random = seededRandom(seed);
  const ids = Array.from({ length: positions }, () => Math.floor(random() * vocabulary));
  const buffers = rowBuffers(evaluator);
  const sequence = {
    ids,
    logits: [] as Float32Array[],
    mtpLogits: [] as Float32Array[],
    hidden: [] as Float32Array[],
    rows: buffers.map((): Float32Array[] => []),
    states: [await readStates(evaluator)],
  };
  for (const [position, id] of ids.entries()) {
    await evaluator.pass([id], { kind: "rows", logits: "all", mtpLogits: true });
    const [logits, mtpLogits, hidden, states, ...rows] = await Promise.all([
      evaluator.rows(evaluator.logits("all"), 1, vocabulary),
      evaluator.rows(evaluator.logits("mtp"), 1, vocabulary),
      hiddenRows(evaluator, position, 1),
      readStates(evaluator),
      ...buffers.map((it) => evaluator.rows(it.buffer, 1, words(it), position % it.rows)),
    ]);
    sequence.logits.push(logits);
    sequence.mtpLogits.push(mtpLogits);
    sequence.hidden.push(hidden);
    sequence.states.push(states);
    for (const [i, row] of rows.entries()) sequence.rows[i]!.push(row);
  }
  return sequence;
}

/** What a row buffer holds once the rows of positions `first` to `end - 1` are in it: poison elsewhere. */
function contents(
  it: RowBuffer,
  rows: readonly Float32Array[],
  first: number,
  end: number,
): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(it.buffer.size / 4).fill(poison);
  const floats = new Float32Array(bits.buffer);
  for (let position = Math.max(0, first); position < end; position++) {
    floats.set(rows[position]!, (position % it.rows) * words(it));
  }
  return floats;
}

/** Puts the sequence back to where `start` tokens had been decoded, runs `rows` more in one pass, and compares all it leaves. */
async function check(evaluator: Evaluator, sequence: Sequence, start: number, rows: number): Promise<void> {
  const { gpu, model } = evaluator;
  const { queue } = gpu.device;
  const { vocabulary, embedding } = model.h;
  const end = start + rows;
  const buffers = rowBuffers(evaluator);
  // A tape keeps what a pass of 64 rows leaves of it, at least the three positions that the convolution looks back to.
  const firstKept = ({ rows: ring }: RowBuffer) => start - (ring === tapeRows ? tapeRows - maxRows : context);

  evaluator.reset();
  evaluator.sequence.readPrompt(start); // sets the position; the writes below supply its state
  for (const [i, buffer] of stateBuffers(evaluator).entries()) {
    queue.writeBuffer(buffer, 0, sequence.states[start]![i] as Float32Array<ArrayBuffer>);
  }
  if (start > 0) {
    const place = ((start - 1) % tapeRows) * embedding * 4;
    const { hidden } = evaluator.sequence.memory;
    queue.writeBuffer(hidden, place, toLaneOrder(sequence.hidden[start - 1]!, embedding));
  }
  for (const [i, it] of buffers.entries()) {
    queue.writeBuffer(it.buffer, 0, contents(it, sequence.rows[i]!, firstKept(it), start));
  }

  await evaluator.pass(sequence.ids.slice(start, end), { kind: "rows", logits: "all", mtpLogits: true });

  const what = `seed ${seed}, ${rows} rows from position ${start}`;
  const expectRows = (actual: Float32Array, expected: readonly Float32Array[], name: string) => {
    const size = actual.length / rows;
    for (let t = 0; t < rows; t++) {
      expectSameBits(
        actual.subarray(t * size, (t + 1) * size),
        expected[start + t]!,
        `${what}: ${name}, row ${t}`,
      );
    }
  };
  const [logits, mtpLogits, hidden, states, ...left] = await Promise.all([
    evaluator.rows(evaluator.logits("all"), rows, vocabulary),
    evaluator.rows(evaluator.logits("mtp"), rows, vocabulary),
    hiddenRows(evaluator, start, rows),
    readStates(evaluator),
    ...buffers.map((it) => read(gpu, it.buffer)),
  ]);
  expectRows(logits, sequence.logits, "logits");
  expectRows(mtpLogits, sequence.mtpLogits, "MTP logits");
  expectRows(hidden, sequence.hidden, "hidden");
  for (const [i, it] of buffers.entries()) {
    expectSameBits(left[i]!, contents(it, sequence.rows[i]!, firstKept(it), end), `${what}: ${it.name}`);
  }
  for (const [i, state] of states.entries()) {
    expectSameBits(state, sequence.states[end]![i]!, `${what}: state of delta net ${i}`);
  }
  expect(evaluator.position).toBe(end);
}
