// A GGUF file as its writer had it: each value with its type, which the engine's own reader has no use for.
import { ggufHeader, type MetadataPair, type Scalar, VALUE_TYPES, type ValueType } from "./write_gguf.ts";

export interface RawTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** ggml's id. */
  readonly type: number;
  /** From the start of the data. */
  readonly offset: number | bigint;
}

export interface RawGguf {
  readonly metadata: readonly MetadataPair[];
  readonly tensors: readonly RawTensor[];
  /** All behind the header and its padding to 32 bytes. */
  readonly data: Uint8Array;
  /** Where the header ends, before its padding. */
  readonly end: number;
}

/** Reads a whole, sound file of version 3, in memory. */
export function readRawGguf(bytes: Uint8Array): RawGguf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  const advance = (length: number): number => {
    at += length;
    return at - length;
  };
  const u32 = () => view.getUint32(advance(4), true);
  const u64 = () => Number(view.getBigUint64(advance(8), true));
  const string = () => {
    const length = u64();
    const start = advance(length);
    return Buffer.from(bytes.subarray(start, start + length)).toString();
  };
  const readers: Readonly<Record<ValueType, () => Scalar>> = {
    u8: () => view.getUint8(advance(1)),
    i8: () => view.getInt8(advance(1)),
    u16: () => view.getUint16(advance(2), true),
    i16: () => view.getInt16(advance(2), true),
    u32,
    i32: () => view.getInt32(advance(4), true),
    f32: () => view.getFloat32(advance(4), true),
    bool: () => view.getUint8(advance(1)) !== 0,
    string,
    u64: () => view.getBigUint64(advance(8), true),
    i64: () => view.getBigInt64(advance(8), true),
    f64: () => view.getFloat64(advance(8), true),
  };
  const [tensorCount, pairCount] = [u64(), u64()];
  const metadata = Array.from({ length: pairCount }, (): MetadataPair => {
    const key = string();
    const type = VALUE_TYPES[u32()]!;
    if (type !== "array") return [key, type, readers[type]()];
    const element = VALUE_TYPES[u32()] as ValueType;
    return [key, element, Array.from({ length: u64() }, readers[element])];
  });
  const tensors = Array.from({ length: tensorCount }, (): RawTensor => {
    const name = string();
    const dims = Array.from({ length: u32() }, u64);
    return { name, dims, type: u32(), offset: u64() };
  });
  return { metadata, tensors, data: bytes.subarray(Math.ceil(at / 32) * 32), end: at };
}

/** The file's bytes, whatever is wrong with it. */
export function rawGgufBytes({ metadata, tensors, data }: Omit<RawGguf, "end">): Uint8Array {
  const { header } = ggufHeader({
    metadata,
    tensors: tensors.map((tensor) => ({ ...tensor, bytes: { length: 0 } })),
  });
  return Buffer.concat([header, data]);
}
