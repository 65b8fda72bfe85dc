import { basename } from "node:path";
import { inOneLine, UserError } from "../errors/index.ts";

type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/**
 * One metadata value. 64-bit integers are numbers where a number is exact, else bigints.
 * Arrays of numbers keep the width of the file; arrays of booleans are bytes 0 and 1.
 */
export type MetadataValue =
  | string
  | number
  | bigint
  | boolean
  | readonly string[]
  | NumberArray
  | BigInt64Array
  | BigUint64Array;

/** The part of a `GgufFile` that the getters need. */
export interface MetadataSource {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
}

export type Numbers = ArrayLike<number> & Iterable<number>;

// Every getter throws a UserError with the file and the key where the value has another type, and where there is
// none and no fallback either.

/** A finite number of any width, integer or float. */
export function metadataNumber(file: MetadataSource, key: string, fallback?: number): number {
  return lookUp(file, key, "a number", fallback, (value) =>
    typeof value === "number" && Number.isFinite(value) ? value : undefined,
  );
}

/** The model's own name, for people; "" where the file has none. No character of it acts on a terminal or a page. */
export function modelName(file: MetadataSource): string {
  const name = file.metadata.get("general.name");
  return typeof name === "string" ? inOneLine(name).replace(/\s+/g, " ").trim().slice(0, LONGEST_NAME) : "";
}

const LONGEST_NAME = 200;

export function metadataString(file: MetadataSource, key: string, fallback?: string): string {
  return lookUp(file, key, "a string", fallback, (value) => (typeof value === "string" ? value : undefined));
}

/** A boolean; some writers have 0 and 1 instead. */
export function metadataBoolean(file: MetadataSource, key: string, fallback?: boolean): boolean {
  return lookUp(file, key, "a boolean", fallback, (value) =>
    typeof value === "boolean" ? value : value === 0 || value === 1 ? value === 1 : undefined,
  );
}

/** An array of numbers of any width, or of booleans as 0 and 1. */
export function metadataNumbers(file: MetadataSource, key: string, fallback?: Numbers): Numbers {
  return lookUp(file, key, "an array of numbers", fallback, (value) => {
    return ArrayBuffer.isView(value) ? exactNumbers(value) : undefined;
  });
}

/** A flag for each block or the like, stored as booleans or as integers; undefined where the file has none. */
export function metadataFlags(file: MetadataSource, key: string): readonly boolean[] | undefined {
  return file.metadata.has(key) ? Array.from(metadataNumbers(file, key), (flag) => flag !== 0) : undefined;
}

export function metadataStrings(
  file: MetadataSource,
  key: string,
  fallback?: readonly string[],
): readonly string[] {
  return lookUp(file, key, "an array of strings", fallback, (value) =>
    isStrings(value) ? value : undefined,
  );
}

function lookUp<T>(
  file: MetadataSource,
  key: string,
  wanted: string,
  fallback: T | undefined,
  accept: (value: MetadataValue) => T | undefined,
): T {
  const value = file.metadata.get(key);
  if (value === undefined) {
    if (fallback !== undefined) return fallback;
    throw new UserError({
      code: "model-unsupported",
      problem: `${basename(file.path)} has no metadata key ${key}`,
      advice: "choose another file of this model",
      path: file.path,
    });
  }
  const accepted = accept(value);
  if (accepted === undefined) {
    throw new UserError({
      code: "model-unsupported",
      problem: `${basename(file.path)} has ${describe(value)} in metadata key ${key} where ${wanted} is needed`,
      advice: "choose another file of this model",
      path: file.path,
    });
  }
  return accepted;
}

function describe(value: MetadataValue): string {
  if (typeof value === "bigint") return `${value}, which is beyond 2^53,`;
  if (typeof value !== "object") return `a ${typeof value}`;
  if (isStrings(value)) return "an array of strings";
  return exactNumbers(value) ? "an array of numbers" : "an array of numbers beyond 2^53";
}

function isStrings(value: MetadataValue): value is readonly string[] {
  return Array.isArray(value);
}

function exactNumbers(values: NumberArray | BigInt64Array | BigUint64Array): NumberArray | undefined {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values;
  const numbers = Float64Array.from(values as Iterable<bigint>, Number);
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}
