import { BLOCK_FORMATS, type TensorType } from "../../engine/gguf/block_formats.ts";

export const VALUE_TYPES = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;
export type ValueType = Exclude<(typeof VALUE_TYPES)[number], "array">;
export type Scalar = string | number | bigint | boolean;

/** Key, type, value; an array of values is stored as a GGUF array of that type. */
export type MetadataPair = readonly [key: string, type: ValueType, value: Scalar | readonly Scalar[]];

export interface TensorSource {
  readonly name: string;
  /** In ne order, `dims[0]` the row length. */
  readonly dims: readonly number[];
  /** A number writes that ggml id, known or not. */
  readonly type: TensorType | number;
  readonly bytes: Uint8Array;
  /** From the start of the data section, for broken files; by default behind the tensors before it. */
  readonly offset?: number | bigint;
}

/** What a file holds. Nothing is checked, so that tests can write broken files too. */
export interface GgufSource {
  readonly metadata?: readonly MetadataPair[];
  readonly tensors?: readonly TensorSource[];
  /** Of the tensors' data. It is used, not written: a value other than 32 needs general.alignment in the metadata. */
  readonly alignment?: number;
  readonly version?: number;
}

/** A `GgufSource` whose tensors have a length and maybe no bytes. */
export type HeaderSource = Omit<GgufSource, "tensors"> & {
  readonly tensors?: readonly (Omit<TensorSource, "bytes"> & {
    readonly bytes: { readonly length: number };
  })[];
};

const paddedTo = (alignment: number, length: number) => Math.ceil(length / alignment) * alignment;

/** Everything before the data section, padding included, and the size of the whole file. */
export function ggufHeader({ metadata = [], tensors = [], alignment = 32, version = 3 }: HeaderSource): {
  header: Uint8Array;
  size: number;
} {
  const header: Buffer[] = [Buffer.from("GGUF"), u32(version), u64(tensors.length), u64(metadata.length)];
  for (const [key, type, value] of metadata) {
    header.push(string(key));
    if (Array.isArray(value)) {
      header.push(u32(VALUE_TYPES.indexOf("array")), u32(VALUE_TYPES.indexOf(type)), u64(value.length));
      if (type === "string") header.push(strings(value));
      else if (type === "bool") header.push(Buffer.from(value.map(Number)));
      else header.push(numbers(type, value));
    } else {
      header.push(u32(VALUE_TYPES.indexOf(type)), scalar(type, value as Scalar));
    }
  }
  let offset = 0;
  for (const tensor of tensors) {
    header.push(string(tensor.name), u32(tensor.dims.length), ...tensor.dims.map(u64));
    header.push(u32(typeId(tensor.type)), u64(tensor.offset ?? offset));
    offset += paddedTo(alignment, tensor.bytes.length);
  }
  const head = Buffer.concat(header);
  const padded = new Uint8Array(paddedTo(alignment, head.length));
  padded.set(head);
  return { header: padded, size: padded.length + offset };
}

/** The bytes of a GGUF file (NETWORK.md 1.1), tensors in their order, each padded to the alignment. */
export function ggufBytes(source: GgufSource): Uint8Array {
  const { header, size } = ggufHeader(source);
  const file = new Uint8Array(size);
  file.set(header);
  let at = header.length;
  for (const { bytes } of source.tensors ?? []) {
    file.set(bytes, at);
    at += paddedTo(source.alignment ?? 32, bytes.length);
  }
  return file;
}

function typeId(type: TensorType | number): number {
  return typeof type === "number" ? type : BLOCK_FORMATS.find((format) => format.type === type)!.id;
}

function scalar(type: ValueType, value: Scalar): Buffer {
  if (type === "string") return string(String(value));
  if (type === "bool") return Buffer.of(value ? 1 : 0);
  const bytes = Buffer.alloc(8);
  const end = writeNumber(bytes, type, value as number | bigint);
  return bytes.subarray(0, end);
}

/** Writes at `at` in `bytes` and returns where the number ends. */
function writeNumber(
  bytes: Buffer,
  type: Exclude<ValueType, "string" | "bool">,
  value: number | bigint,
  at = 0,
): number {
  switch (type) {
    case "u8":
      return bytes.writeUInt8(Number(value), at);
    case "i8":
      return bytes.writeInt8(Number(value), at);
    case "u16":
      return bytes.writeUInt16LE(Number(value), at);
    case "i16":
      return bytes.writeInt16LE(Number(value), at);
    case "u32":
      return bytes.writeUInt32LE(Number(value), at);
    case "i32":
      return bytes.writeInt32LE(Number(value), at);
    case "f32":
      return bytes.writeFloatLE(Number(value), at);
    case "f64":
      return bytes.writeDoubleLE(Number(value), at);
    case "u64":
      return bytes.writeBigUInt64LE(BigInt(value), at);
    case "i64":
      return bytes.writeBigInt64LE(BigInt(value), at);
  }
}

const u32 = (value: number) => scalar("u32", value);
const u64 = (value: number | bigint) => scalar("u64", value);

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** As many numbers, in one buffer, as `strings`. */
function numbers(type: Exclude<ValueType, "string" | "bool">, values: readonly Scalar[]): Buffer {
  const buffer = Buffer.alloc(8 * values.length);
  let at = 0;
  for (const value of values) at = writeNumber(buffer, type, value as number | bigint, at);
  return buffer.subarray(0, at);
}

/** As many `string`s, in one buffer: a vocabulary has a quarter of a million. */
function strings(values: readonly Scalar[]): Buffer {
  const texts = values.map(String);
  const buffer = Buffer.alloc(texts.reduce((sum, text) => sum + 8 + Buffer.byteLength(text), 0));
  let at = 0;
  for (const text of texts) {
    const bytes = buffer.write(text, at + 8);
    buffer.writeUInt32LE(bytes, at);
    at += 8 + bytes;
  }
  return buffer;
}
