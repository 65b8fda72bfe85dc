import { basename } from "node:path";
import { UserError } from "../errors/index.ts";
import {
  blockFormat,
  type CodebookType,
  codebookEntries,
  type GgufFile,
  type TensorEntry,
  type TensorType,
} from "../gguf/index.ts";
import { ceilDiv, type Gpu, gridWidth, mebibytes, workgroupSize } from "../gpu/index.ts";
import { firstNotFinite } from "./finite.ts";
import {
  blocksPerScaleWord,
  codebookOf,
  isRepacked,
  pieceLayout,
  repackKernel,
  scaleBytes,
} from "./repack.ts";
import { cutRuns, interleaved, type MatrixRows, type Part, partOf, type Run } from "./runs.ts";

/** Consecutive rows of a matrix, of one type, small enough for one binding. */
export interface Slab {
  readonly type: TensorType;
  /** First row, counted in the matrix. */
  readonly row: number;
  readonly rows: number;
  /** Block words; the plane of scales of types whose blocks are no whole words; the codebook of IQ types. The names in shaders/blocks. */
  readonly planes: { readonly words: GPUBuffer; readonly scales?: GPUBuffer; readonly codebook?: GPUBuffer };
}

/** A linear weight [columns, rows] on the GPU, quantised as in the file. Several tensors may be joined, row after row. */
export interface Matrix {
  readonly name: string;
  readonly columns: number;
  /** Of all experts, one after the other, in a stack of them. */
  readonly rows: number;
  readonly slabs: readonly Slab[];
  /** Multiplies each product with the matrix, and each row that is looked up. Default: 1. */
  readonly scale?: number;
}

/** The same weights with another factor. */
export const scaled = (matrix: Matrix, scale = 1): Matrix => (scale === 1 ? matrix : { ...matrix, scale });

/** Bytes of one read from the file and one write to the GPU. */
const pieceBytes = 8 << 20;
/** Bytes after which the upload waits for the GPU, so that Dawn reuses its staging memory. */
const uploadWindow = 128 << 20;

interface Upload {
  /** Of the file, to be laid end to end. */
  readonly runs: readonly Run[];
  readonly bytes: number;
  readonly slab: Slab;
  /** First block, counted in the slab. */
  readonly block: number;
}

/**
 * The weights of one file on the GPU. Matrices are declared first, which allocates them; `upload` then streams all of
 * them from disk in the file's order, a piece at a time, and never holds more than two pieces in memory.
 */
export class Weights {
  readonly #gpu: Gpu | undefined;
  readonly #file: GgufFile;
  readonly #declared = new Set<string>();
  readonly #uploads: Upload[] = [];
  readonly #buffers: GPUBuffer[] = [];
  readonly #codebooks = new Map<CodebookType, GPUBuffer>();

  /** @param gpu without one, tensors are declared and nothing is made: that checks a file */
  constructor(gpu: Gpu | undefined, file: GgufFile) {
    this.#gpu = gpu;
    this.#file = file;
  }

  /** Names of the tensors that the model is made of. */
  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  get #bindingLimit(): number {
    return this.#gpu?.device.limits.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
  }

  has(name: string): boolean {
    return this.#file.tensors.has(name);
  }

  /**
   * Declares the first `rows` rows of a table [columns, vocabulary]: what follows them pads, and is not loaded.
   * @throws UserError as `matrix`
   */
  table(name: string, columns: number, rows: number): Matrix {
    const found = this.#file.tensors.get(name);
    const all = found?.dims[1] ?? rows;
    const table = partOf(this.#tensor(name, [columns, Math.max(all, rows)]), [{ first: 0, count: rows }]);
    const slabs: Slab[] = [];
    const total = this.#addSlabs(slabs, 0, [table], blocksPerScaleWord(table.type));
    return { name, columns, rows: total, slabs };
  }

  /**
   * Declares the matrix [columns, Σ rows] made of the named tensors, or of ranges of their rows.
   * @throws UserError when a tensor is missing, has another shape, or has a type that cannot be computed with.
   */
  matrix(columns: number, tensors: readonly MatrixRows[]): Matrix {
    const slabs: Slab[] = [];
    let row = 0;
    let joined: Part[] = [];
    const close = () => {
      // A multiple of this number of rows starts the next slab at a word of scales.
      if (joined.length > 0) row = this.#addSlabs(slabs, row, joined, blocksPerScaleWord(joined[0]!.type));
      joined = [];
    };
    for (const [name, rows, ranges] of tensors) {
      const part = partOf(this.#tensor(name, rows === 1 ? [columns] : [columns, rows]), ranges);
      const previous = joined.at(-1);
      if (previous && (previous.type !== part.type || !this.#fits([...joined, part]))) close();
      joined.push(part);
    }
    close();
    const names = new Set(tensors.map(([name]) => name));
    return { name: [...names].join(" + "), columns, rows: row, slabs };
  }

  /**
   * Declares the matrices [columns, rows] of `count` experts, stacked in a tensor; no slab ends within one of them. Several
   * tensors of one type make one stack, in which each expert has its rows of the first, then of the next; else each makes its own.
   * @throws UserError as `matrix`
   */
  stack(names: readonly string[], columns: number, rows: number, count: number): Matrix[] {
    const tensors = names.map((name) => this.#tensor(name, [columns, rows, count]));
    const parts = tensors.every(({ type }) => type === tensors[0]!.type)
      ? [
          interleaved(
            tensors.map((tensor) => partOf(tensor)),
            count,
          ),
        ]
      : tensors.map((tensor) => partOf(tensor));
    return parts.map((part) => {
      const slabs: Slab[] = [];
      const total = this.#addSlabs(slabs, 0, [part], part.rows / count);
      return { name: part.name, columns, rows: total, slabs };
    });
  }

  /** Joined tensors must fit one binding, and start where a word of scales does. */
  #fits(joined: readonly Part[]): boolean {
    const wholeStarts = joined.slice(0, -1).every(({ bytes, type }) => {
      const blocks = bytes / blockFormat(type).bytes;
      return blocks % blocksPerScaleWord(type) === 0;
    });
    return wholeStarts && joined.reduce((sum, { bytes }) => sum + bytes, 0) <= this.#bindingLimit;
  }

  /** Adds the slabs of joined tensors of one type; a single tensor larger than a binding becomes several, of whole units. */
  #addSlabs(slabs: Slab[], row: number, joined: readonly Part[], unit: number): number {
    const { name, type, columns } = joined[0]!;
    const format = blockFormat(type);
    const blocksPerRow = columns / format.elements;
    const rowBytes = blocksPerRow * format.bytes;
    const limit = this.#bindingLimit;
    const most = Math.floor(limit / rowBytes / unit) * unit;
    if (most === 0) {
      throw new UserError({
        code: "memory",
        problem: `${this.#file.path}: ${unit} rows of tensor ${name} exceed the ${mebibytes(limit)} that this device reads at once`,
        advice: "choose a smaller model",
        path: this.#file.path,
      });
    }
    const runs = joined.flatMap((part) => part.runs);
    const total = joined.reduce((sum, { rows }) => sum + rows, 0);
    for (let first = 0; first < total; first += most) {
      const rows = Math.min(most, total - first);
      const slab = this.#slab(name, type, row + first, rows, rows * blocksPerRow);
      slabs.push(slab);
      const bytes = rows * rowBytes;
      this.#uploads.push({ runs: cutRuns(runs, first * rowBytes, bytes), bytes, slab, block: 0 });
    }
    return row + total;
  }

  #slab(name: string, type: TensorType, row: number, rows: number, blocks: number): Slab {
    const words = this.#buffer(name, blocks * (blockFormat(type).bytes - scaleBytes(type)));
    const scales =
      isRepacked(type) && this.#buffer(`${name} scales`, ceilDiv(blocks, blocksPerScaleWord(type)) * 4);
    const codebook = this.#codebook(type);
    return { type, row, rows, planes: { words, ...(scales && { scales }), ...(codebook && { codebook }) } };
  }

  /** One for all slabs whose types share it. */
  #codebook(type: TensorType): GPUBuffer | undefined {
    const name = codebookOf(type);
    if (name === undefined || !this.#gpu) return undefined;
    const known = this.#codebooks.get(name);
    if (known) return known;
    const entries = codebookEntries(name);
    const buffer = this.#buffer(`codebook ${name}`, entries.byteLength);
    this.#gpu.device.queue.writeBuffer(buffer, 0, entries);
    this.#codebooks.set(name, buffer);
    return buffer;
  }

  #buffer(label: string, bytes: number): GPUBuffer {
    if (!this.#gpu) return {} as GPUBuffer; // of a check, which nothing reads
    const buffer = this.#gpu.buffer(label, bytes, "weights");
    this.#buffers.push(buffer);
    return buffer;
  }

  #tensor(name: string, shape: readonly number[]): TensorEntry {
    const tensor = this.#file.tensors.get(name);
    this.#declared.add(name);
    if (!tensor) {
      throw new UserError({
        code: "file-incomplete",
        problem: `${this.#file.path} has no tensor ${name}`,
        advice: "the file is incomplete, download it again",
        path: this.#file.path,
      });
    }
    if (!tensor.supported) {
      throw new UserError({
        code: "model-unsupported",
        problem: `${this.#file.path}: tensor ${name} has ${tensor.type.startsWith("type ") ? tensor.type : `type ${tensor.type}`}, which this version cannot compute with`,
        advice: "choose a file in Q4_K_M or Q8_0",
        path: this.#file.path,
      });
    }
    const dims = [...tensor.dims];
    while (dims.length > shape.length && dims.at(-1) === 1) dims.pop();
    if (dims.length !== shape.length || dims.some((n, i) => n !== shape[i])) {
      throw new UserError({
        code: "model-unsupported",
        problem: `${this.#file.path}: tensor ${name} has shape [${tensor.dims.join(", ")}] where [${shape.join(", ")}] is needed`,
        advice: "the file does not fit its own metadata",
        path: this.#file.path,
      });
    }
    return tensor;
  }

  /** Declares a vector (or a small table) of f32, which every published file keeps unquantised. */
  vector(name: string, ...shape: number[]): GPUBuffer {
    return this.#vectors([this.#tensor(name, shape)]);
  }

  /** Declares several vectors of f32 as one, the first one first. */
  joined(vectors: readonly (readonly [name: string, length: number])[]): GPUBuffer {
    return this.#vectors(vectors.map(([name, length]) => this.#tensor(name, [length])));
  }

  #vectors(tensors: readonly TensorEntry[]): GPUBuffer {
    const name = tensors.map((tensor) => tensor.name).join(" + ");
    for (const tensor of tensors) {
      if (tensor.type === "F32") continue;
      throw new UserError({
        code: "model-unsupported",
        problem: `${this.#file.path}: tensor ${tensor.name} has type ${tensor.type} where F32 is needed`,
        advice: "choose another file of this model",
        path: this.#file.path,
      });
    }
    const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
    const slab: Slab = { type: "F32", row: 0, rows: 1, planes: { words: this.#buffer(name, total) } };
    this.#uploads.push({ runs: tensors, bytes: total, slab, block: 0 });
    return slab.planes.words;
  }

  /**
   * Streams every declared tensor to the GPU. `progress` gets bytes done and bytes in all.
   * @param isOptional whether the model runs without a tensor
   * @throws UserError for a file that cannot be read, and for a weight that is no number
   */
  async upload(
    progress?: (done: number, total: number) => void,
    isOptional: (name: string) => boolean = () => false,
  ): Promise<void> {
    const gpu = this.#gpu!;
    const uploads = this.#uploads.splice(0).sort((a, b) => a.runs[0]!.offset - b.runs[0]!.offset);
    const pieces = uploads.flatMap(piecesOf);
    const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    const staging = gpu.buffer("weights staging", pieceBytes + 4, "staging");
    const parameters = gpu.buffer("repack piece", pieceLayout.bytes, "staging");
    const hands = [new Uint8Array(pieceBytes + 4), new Uint8Array(pieceBytes + 4)];
    const read = (index: number): Promise<void> | undefined => {
      const piece = pieces[index];
      return piece && this.#read(piece.runs, hands[index % 2]!);
    };
    let under = read(0);
    try {
      let done = 0;
      let waited = 0;
      for (const [index, piece] of pieces.entries()) {
        await under;
        under = read(index + 1); // from disk, while the GPU takes this one
        under?.catch(() => {}); // its failure is thrown where it is awaited
        const hand = hands[index % 2]!;
        this.#requireFinite(piece, hand, isOptional);
        await this.#write(gpu, piece, hand, { staging, parameters });
        done += piece.bytes;
        if (done - waited >= uploadWindow) {
          await gpu.idle();
          waited = done;
        }
        progress?.(done, total);
      }
      await gpu.idle();
    } finally {
      await Promise.allSettled([under]); // the caller may close the file
      gpu.free(staging);
      gpu.free(parameters);
    }
  }

  async #read(runs: readonly Run[], target: Uint8Array): Promise<void> {
    let at = 0;
    for (const { offset, bytes } of runs) {
      await this.#file.read(offset, target.subarray(at, at + bytes));
      at += bytes;
    }
  }

  /** A single weight that is no number makes every result one: it is named here, while the disk reads on. */
  #requireFinite(
    { runs, bytes, slab }: Upload,
    hand: Uint8Array<ArrayBuffer>,
    isOptional: (name: string) => boolean,
  ): void {
    const block = firstNotFinite(slab.type, hand.subarray(0, bytes));
    if (block === undefined) return;
    const { elements, bytes: blockBytes } = blockFormat(slab.type);
    const { offset } = cutRuns(runs, block * blockBytes, blockBytes)[0]!;
    const tensor = [...this.#file.tensors.values()].find(
      (it) => it.offset <= offset && offset < it.offset + it.bytes,
    )!;
    const [columns = 1, ...others] = tensor.dims;
    const weight = ((offset - tensor.offset) / blockBytes) * elements;
    const rows = others.reduce((product, n) => product * n, 1);
    const place =
      rows === 1
        ? `element ${weight} of the ${columns}`
        : `row ${Math.floor(weight / columns)} of the ${rows}`;
    throw new UserError({
      code: isOptional(tensor.name) ? "block-damaged" : "file-damaged",
      problem: `${basename(this.#file.path)} has NaN or infinity in ${place} of tensor ${tensor.name}`,
      advice: "download it again or choose another file of this model",
      path: this.#file.path,
    });
  }

  async #write(
    gpu: Gpu,
    { slab, block, bytes }: Upload,
    hand: Uint8Array<ArrayBuffer>,
    { staging, parameters }: { staging: GPUBuffer; parameters: GPUBuffer },
  ): Promise<void> {
    const { queue } = gpu.device;
    const format = blockFormat(slab.type);
    const padded = ceilDiv(bytes, 4) * 4;
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

  free(): void {
    for (const buffer of this.#buffers.splice(0)) this.#gpu?.free(buffer);
  }
}

/** Cuts an upload into pieces that start where a word of scales does, and at a word of the file. */
function piecesOf(upload: Upload): Upload[] {
  const { bytes: blockBytes } = blockFormat(upload.slab.type);
  const step = Math.floor(pieceBytes / (4 * blockBytes)) * 4 * blockBytes;
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
