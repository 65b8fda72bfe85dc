/** The tensor types that the engine can compute with; NETWORK.md 6.1 has their layouts. */
export type TensorType =
  | "F32"
  | "F16"
  | "BF16"
  | "Q8_0"
  | "Q4_0"
  | "Q4_1"
  | "Q5_0"
  | "Q5_1"
  | "Q2_K"
  | "Q3_K"
  | "Q4_K"
  | "Q5_K"
  | "Q6_K"
  | "IQ4_NL"
  | "IQ4_XS"
  | "IQ3_S"
  | "IQ3_XXS"
  | "IQ2_S"
  | "IQ2_XS"
  | "IQ2_XXS"
  | "IQ1_M"
  | "IQ1_S"
  | "TQ1_0"
  | "TQ2_0"
  | "MXFP4";

/** A row is a sequence of blocks: `elements` consecutive weights in `bytes` bytes. `id` is ggml's number. */
export interface BlockFormat {
  readonly type: TensorType;
  readonly id: number;
  readonly elements: number;
  readonly bytes: number;
  /** Bytes from a block's start to its scales in f16; of MXFP4, to the exponent. IQ1_M has its scale in pieces. */
  readonly scales: readonly number[];
}

export const BLOCK_FORMATS: readonly BlockFormat[] = [
  { type: "F32", id: 0, elements: 1, bytes: 4, scales: [] },
  { type: "F16", id: 1, elements: 1, bytes: 2, scales: [] },
  { type: "BF16", id: 30, elements: 1, bytes: 2, scales: [] },
  { type: "Q8_0", id: 8, elements: 32, bytes: 34, scales: [0] },
  { type: "Q4_0", id: 2, elements: 32, bytes: 18, scales: [0] },
  { type: "Q4_1", id: 3, elements: 32, bytes: 20, scales: [0, 2] },
  { type: "Q5_0", id: 6, elements: 32, bytes: 22, scales: [0] },
  { type: "Q5_1", id: 7, elements: 32, bytes: 24, scales: [0, 2] },
  { type: "Q2_K", id: 10, elements: 256, bytes: 84, scales: [80, 82] },
  { type: "Q3_K", id: 11, elements: 256, bytes: 110, scales: [108] },
  { type: "Q4_K", id: 12, elements: 256, bytes: 144, scales: [0, 2] },
  { type: "Q5_K", id: 13, elements: 256, bytes: 176, scales: [0, 2] },
  { type: "Q6_K", id: 14, elements: 256, bytes: 210, scales: [208] },
  { type: "IQ4_NL", id: 20, elements: 32, bytes: 18, scales: [0] },
  { type: "IQ4_XS", id: 23, elements: 256, bytes: 136, scales: [0] },
  { type: "IQ3_S", id: 21, elements: 256, bytes: 110, scales: [0] },
  { type: "IQ3_XXS", id: 18, elements: 256, bytes: 98, scales: [0] },
  { type: "IQ2_S", id: 22, elements: 256, bytes: 82, scales: [0] },
  { type: "IQ2_XS", id: 17, elements: 256, bytes: 74, scales: [0] },
  { type: "IQ2_XXS", id: 16, elements: 256, bytes: 66, scales: [0] },
  { type: "IQ1_M", id: 29, elements: 256, bytes: 56, scales: [] },
  { type: "IQ1_S", id: 19, elements: 256, bytes: 50, scales: [0] },
  { type: "TQ1_0", id: 34, elements: 256, bytes: 54, scales: [52] },
  { type: "TQ2_0", id: 35, elements: 256, bytes: 66, scales: [64] },
  { type: "MXFP4", id: 39, elements: 32, bytes: 17, scales: [0] },
];

/** Types that files contain and the engine cannot compute with; here only so that an error can name them. */
const UNSUPPORTED_NAMES: ReadonlyMap<number, string> = new Map([
  [24, "I8"],
  [25, "I16"],
  [26, "I32"],
  [27, "I64"],
  [28, "F64"],
  [40, "NVFP4"],
  [41, "Q1_0"],
  [42, "Q2_0"],
]);

const byId: ReadonlyMap<number, BlockFormat> = new Map(BLOCK_FORMATS.map((format) => [format.id, format]));
const byType: ReadonlyMap<string, BlockFormat> = new Map(
  BLOCK_FORMATS.map((format) => [format.type, format]),
);

/** The format with this ggml id; undefined where the engine does not support the type. */
export function blockFormatOfId(id: number): BlockFormat | undefined {
  return byId.get(id);
}

/** The format with this name; undefined for names that a file may hold but that the engine does not support. */
export function blockFormat(type: TensorType): BlockFormat;
export function blockFormat(type: string): BlockFormat | undefined;
export function blockFormat(type: string): BlockFormat | undefined {
  return byType.get(type);
}

/** The name of any ggml type, `type 77` for an id without a known name. */
export function typeName(id: number): string {
  return byId.get(id)?.type ?? UNSUPPORTED_NAMES.get(id) ?? `type ${id}`;
}

/** Bytes of one row of `columns` weights, which must be whole blocks. */
export function rowBytes(type: TensorType, columns: number): number {
  const { elements, bytes } = blockFormat(type);
  if (columns % elements !== 0) {
    throw new Error(`A ${type} row of ${columns} columns is not a multiple of its ${elements} to a block`);
  }
  return (columns / elements) * bytes;
}
