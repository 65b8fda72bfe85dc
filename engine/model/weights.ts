import { UserError } from "../errors/index.ts";
import {
  blockFormat,
  type CodebookType,
  codebookEntries,
  type GgufFile,
  type TensorEntry,
  type TensorType,
} from "../gguf/index.ts";
import { ceilDiv, type Gpu, mebibytes } from "../gpu/index.ts";
import { blocksPerScaleWord, codebookOf, isRepacked, scaleBytes } from "./repack.ts";
import { cutRuns, interleaved, type MatrixRows, type Part, partOf } from "./runs.ts";
import { type Slab, type Upload, uploadAll } from "./upload.ts";

export type { Slab } from "./upload.ts";

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

/** Of its slabs, in their order. */
export const typesOf = ({ slabs }: Matrix): TensorType[] => slabs.map(({ type }) => type);

/** The same weights with another factor. */
export const scaled = (matrix: Matrix, scale = 1): Matrix => (scale === 1 ? matrix : { ...matrix, scale });

/**
 * The weights of one file on the GPU. Matrices are declared first, which allocates them; `uploadInPieces` then streams all
 * of them from disk in the file's order, and never holds more than `readsUnderWay` pieces in memory.
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

  /** Declares the f32 weights of a norm of activations, which are kept in lane order as those are. */
  norm(name: string, length: number): GPUBuffer {
    return this.#vectors([this.#tensor(name, [length])], { laneOrder: true });
  }

  /** Declares several vectors of f32 as one, the first one first. */
  joined(vectors: readonly (readonly [name: string, length: number])[]): GPUBuffer {
    return this.#vectors(vectors.map(([name, length]) => this.#tensor(name, [length])));
  }

  #vectors(tensors: readonly TensorEntry[], { laneOrder = false } = {}): GPUBuffer {
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
    this.#uploads.push({ runs: tensors, bytes: total, slab, block: 0, laneOrder });
    return slab.planes.words;
  }

  /**
   * Streams every declared tensor to the GPU as it is iterated, and yields after each piece. `progress` gets bytes done and bytes in all.
   * @param isOptional whether the model runs without a tensor
   * @throws UserError for a file that cannot be read, and for a weight that is no number
   */
  uploadInPieces(
    progress: (done: number, total: number) => void = () => {},
    isOptional: (name: string) => boolean = () => false,
  ): AsyncGenerator<void, void> {
    return uploadAll(this.#gpu!, this.#file, this.#uploads.splice(0), { progress, isOptional });
  }

  free(): void {
    for (const buffer of this.#buffers.splice(0)) this.#gpu?.free(buffer);
  }
}
