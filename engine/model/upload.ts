import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import { blockFormat, type GgufFile, type TensorType } from "../gguf/index.ts";
import { ceilDiv, type Gpu, gridWidth, workgroupSize } from "../gpu/index.ts";
import { firstNotFinite } from "./finite.ts";
import { inLaneOrder } from "./lane_order.ts";
import { blocksPerScaleWord, isRepacked, pieceLayout, repackKernel } from "./repack.ts";
import { cutRuns, type Run } from "./runs.ts";

/** Consecutive rows of a matrix, of one type, small enough for one binding. */
export interface Slab {
  readonly type: TensorType;
  /** First row, counted in the matrix. */
  readonly row: number;
  readonly rows: number;
  /** Block words; the plane of scales of types whose blocks are no whole words; the codebook of IQ types. The names in shaders/blocks. */
  readonly planes: { readonly words: GPUBuffer; readonly scales?: GPUBuffer; readonly codebook?: GPUBuffer };
}

/** What a slab, or a piece of one, holds. */
export interface Upload {
  /** Of the file, to be laid end to end. */
  readonly runs: readonly Run[];
  readonly bytes: number;
  readonly slab: Slab;
  /** First block, counted in the slab. */
  readonly block: number;
  /** A vector of f32 that goes into lane order, whole. */
  readonly laneOrder?: boolean;
}

/** Bytes of one read from the file and one write to the GPU, at most. */
const pieceBytes = 8 << 20;
/** Reads under way at once: a disk is quickest with several, and Node has threads for four. */
export const readsUnderWay = 4;
/** Bytes that the GPU may be behind, so that Dawn reuses its staging memory. It is waited for by halves: so it never idles. */
const uploadWindow = 128 << 20;

/**
 * Streams all of `uploads` from the file to the GPU, in the file's order: while the disk reads the next pieces, one is searched for
 * what is no number, written, and repacked. `readsUnderWay` pieces are in memory at most. Yields after each piece: who stops there, for
 * a while or for good, keeps the disk and the GPU from nobody.
 * @throws UserError for a file that cannot be read, and for a weight that is no number
 */
export async function* uploadAll(
  gpu: Gpu,
  file: GgufFile,
  uploads: readonly Upload[],
  {
    progress,
    isOptional,
  }: { progress: (done: number, total: number) => void; isOptional: (name: string) => boolean },
): AsyncGenerator<void, void> {
  const pieces = uploads
    .toSorted((a, b) => a.runs[0]!.offset - b.runs[0]!.offset)
    .flatMap((upload) => piecesOf(upload));
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = pieces.reduce((most, { bytes }) => Math.max(most, ceilDiv(bytes, 4) * 4), 0);
  // A word more: repacking reads a word and the one after it, also where the first is enough.
  const staging = gpu.buffer("weights staging", largest + 4, "staging");
  const parameters = gpu.buffer("repack piece", pieceLayout.bytes, "staging");
  compileRepacking(gpu, uploads);
  const hands = pieces.slice(0, readsUnderWay).map(() => new Uint8Array(largest));
  const reads: Promise<void>[] = [];
  const readNext = (): void => {
    const piece = pieces[reads.length];
    if (!piece) return;
    const read = readRuns(file, piece.runs, hands[reads.length % hands.length]!);
    read.catch(() => {}); // its failure is thrown where it is awaited
    reads.push(read);
  };
  const uploaded = uploadedInWindow(gpu);
  for (const _ of hands) readNext();
  try {
    let done = 0;
    for (const [index, piece] of pieces.entries()) {
      await reads[index];
      const hand = hands[index % hands.length]!;
      requireFinite(file, piece, hand, isOptional);
      await write(gpu, piece, hand, { staging, parameters });
      readNext(); // into the same hand: the queue has a copy
      await uploaded(piece.bytes);
      done += piece.bytes;
      progress(done, total);
      yield;
    }
    await gpu.idle();
  } finally {
    await Promise.allSettled(reads); // the caller may close the file
    gpu.free(staging);
    gpu.free(parameters);
  }
}

/** Cuts an upload into pieces that start where a word of scales does, and at a word of the file. */
function piecesOf(upload: Upload): Upload[] {
  const { bytes: blockBytes } = blockFormat(upload.slab.type);
  const step = upload.laneOrder ? upload.bytes : Math.floor(pieceBytes / (4 * blockBytes)) * 4 * blockBytes;
  const pieces: Upload[] = [];
  for (let from = 0; from < upload.bytes; from += step) {
    pieces.push({
      ...upload,
      runs: cutRuns(upload.runs, from, step),
      bytes: Math.min(step, upload.bytes - from),
      block: upload.block + from / blockBytes,
    });
  }
  return pieces;
}

/** Starts to compile the kernels that repack, side by side, while the disk reads. */
function compileRepacking(gpu: Gpu, uploads: readonly Upload[]): void {
  for (const type of new Set(uploads.map(({ slab }) => slab.type)))
    if (isRepacked(type)) gpu.kernel(repackKernel(type)).catch(() => {}); // thrown where a piece awaits it
}

/** Takes in how many bytes were written; waits where the GPU would be more than `uploadWindow` behind. */
function uploadedInWindow(gpu: Gpu): (bytes: number) => Promise<void> {
  let written = 0;
  let before: Promise<void> | undefined;
  return async (bytes) => {
    written += bytes;
    if (written < uploadWindow / 2) return;
    written = 0;
    const now = gpu.idle();
    now.catch(() => {}); // thrown where it is awaited, or by the last wait
    await before;
    before = now;
  };
}

async function readRuns(file: GgufFile, runs: readonly Run[], target: Uint8Array): Promise<void> {
  let at = 0;
  for (const { offset, bytes } of runs) {
    await file.read(offset, target.subarray(at, at + bytes));
    at += bytes;
  }
}

/** A single weight that is no number makes every result one: it is named here. */
function requireFinite(
  file: GgufFile,
  { runs, bytes, slab }: Upload,
  hand: Uint8Array<ArrayBuffer>,
  isOptional: (name: string) => boolean,
): void {
  const block = firstNotFinite(slab.type, hand.subarray(0, bytes));
  if (block === undefined) return;
  const { elements, bytes: blockBytes } = blockFormat(slab.type);
  const { offset } = cutRuns(runs, block * blockBytes, blockBytes)[0]!;
  const tensor = [...file.tensors.values()].find(
    (it) => it.offset <= offset && offset < it.offset + it.bytes,
  )!;
  const [columns = 1, ...others] = tensor.dims;
  const weight = ((offset - tensor.offset) / blockBytes) * elements;
  const rows = others.reduce((product, n) => product * n, 1);
  const place =
    rows === 1 ? `element ${weight} of the ${columns}` : `row ${Math.floor(weight / columns)} of the ${rows}`;
  throw new UserError({
    code: isOptional(tensor.name) ? "block-damaged" : "file-damaged",
    problem: `${basename(file.path)} has NaN or infinity in ${place} of tensor ${tensor.name}`,
    advice: "download it again or choose another file of this model",
    path: file.path,
  });
}

/** Writes a piece to its slab, by way of `staging` where it is repacked. */
async function write(
  gpu: Gpu,
  { slab, block, bytes, laneOrder = false }: Upload,
  hand: Uint8Array<ArrayBuffer>,
  { staging, parameters }: { staging: GPUBuffer; parameters: GPUBuffer },
): Promise<void> {
  const { queue } = gpu.device;
  const format = blockFormat(slab.type);
  const padded = ceilDiv(bytes, 4) * 4;
  if (laneOrder) {
    queue.writeBuffer(slab.planes.words, 0, inLaneOrder(new Float32Array(hand.buffer, 0, bytes / 4)));
    return;
  }
  if (!isRepacked(slab.type)) {
    queue.writeBuffer(slab.planes.words, block * format.bytes, hand, 0, padded);
    return;
  }
  const blocks = bytes / format.bytes;
  queue.writeBuffer(staging, 0, hand, 0, padded);
  queue.writeBuffer(parameters, 0, pieceLayout.write({ first: block, blocks }));
  const kernel = await gpu.kernel(repackKernel(slab.type));
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(kernel.pipeline);
  const { words, scales } = slab.planes;
  const bindings = { staged: staging, words, scales: scales!, piece: parameters };
  pass.setBindGroup(0, gpu.bind(kernel, bindings));
  const groups = ceilDiv(blocks, blocksPerScaleWord(slab.type) * workgroupSize);
  pass.dispatchWorkgroups(Math.min(groups, gridWidth), ceilDiv(groups, gridWidth));
  pass.end();
  gpu.submit(encoder.finish());
}
