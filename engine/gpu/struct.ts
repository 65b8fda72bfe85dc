/** What a struct's field is written from: one number, or the first ones of an array; the rest of the array is 0. */
type FieldValue = number | ArrayLike<number>;

interface Field {
  readonly type: string;
  /** Word at which the field begins. */
  readonly offset: number;
  /** Elements of an array; 1 otherwise. */
  readonly length: number;
}

/**
 * The layout of a struct that TypeScript and WGSL both know, read off the WGSL text, so that it is declared once. Fields
 * are u32, f32, arrays of them, or arrays of structs of them: all of these are aligned to 4 bytes, so nothing is padded.
 */
class StructLayout {
  readonly name: string;
  /** Words of the whole struct. */
  readonly words: number;
  readonly #fields: ReadonlyMap<string, Field>;

  constructor(name: string, words: number, fields: ReadonlyMap<string, Field>) {
    this.name = name;
    this.words = words;
    this.#fields = fields;
  }

  get bytes(): number {
    return this.words * 4;
  }

  /** Word at which the field begins. @throws Error for a field that the struct does not have */
  at(field: string): number {
    return this.#field(field).offset;
  }

  /** Elements of an array field. @throws Error for a field that the struct does not have */
  lengthOf(field: string): number {
    return this.#field(field).length;
  }

  /**
   * The struct's words, from a value for each of its fields.
   * @throws Error for a field that is missing or unknown, and for an array with too many elements
   */
  write(values: Readonly<Record<string, FieldValue>>): Uint32Array<ArrayBuffer> {
    const words = new Uint32Array(this.words);
    const floats = new Float32Array(words.buffer);
    for (const [name, value] of Object.entries(values)) {
      const { type, offset, length } = this.#field(name);
      const list = typeof value === "number" ? [value] : value;
      if (list.length > length)
        throw new Error(`${this.name}.${name} holds ${length} values, got ${list.length}`);
      (type === "f32" ? floats : words).set(list, offset);
    }
    for (const name of this.#fields.keys()) {
      if (!(name in values))
        throw new Error(`struct ${this.name} is written without ${name}: it has ${this.#names()}`);
    }
    return words;
  }

  #field(name: string): Field {
    const field = this.#fields.get(name);
    if (!field) throw new Error(`struct ${this.name} has no field ${name}: it has ${this.#names()}`);
    return field;
  }

  #names(): string {
    return [...this.#fields.keys()].join(", ");
  }
}

/**
 * Reads the layout of struct `name` off WGSL text. `parts` declare it, the structs in it and the constants that its arrays
 * have as their lengths.
 * @throws Error when they do not, or when a field has a type that would need more than 4-byte alignment
 */
export function structOf(parts: readonly string[], name: string): StructLayout {
  const wgsl = withoutComments(parts);
  const body = new RegExp(`\\bstruct\\s+${name}\\s*\\{([^}]*)\\}`).exec(wgsl)?.[1];
  if (body === undefined) throw new Error(`no struct ${name} is declared in this WGSL`);
  const fields = new Map<string, Field>();
  let offset = 0;
  for (const [, field, array, single] of body.matchAll(/(\w+)\s*:\s*(?:array<\s*([^>]*)>|([\w<>]+))/g)) {
    const [type, count] = array === undefined ? [single!] : array.split(",").map((part) => part.trim());
    const length = count === undefined ? 1 : constantIn(wgsl, count);
    fields.set(field!, { type: type!, offset, length });
    offset += length * wordsOf(parts, type!);
  }
  return new StructLayout(name, offset, fields);
}

/** Reads the value of `const name = …u;` off WGSL text. @throws Error when there is none */
export const constantOf = (parts: readonly string[], name: string): number =>
  constantIn(withoutComments(parts), name);

const withoutComments = (parts: readonly string[]): string => parts.join("\n").replace(/\/\/.*/g, "");

/** The value of a number or of a constant. */
function constantIn(wgsl: string, text: string): number {
  const literal =
    /^(\d+)u?$/.exec(text) ?? new RegExp(`\\bconst\\s+${text}\\s*=\\s*(\\d+)u?\\s*;`).exec(wgsl);
  if (!literal) throw new Error(`no constant ${text} is declared in this WGSL`);
  return Number(literal[1]);
}

function wordsOf(parts: readonly string[], type: string): number {
  if (type === "u32" || type === "f32") return 1;
  if (/^(vec|mat|atomic|f16|i32|bool)/.test(type))
    throw new Error(`a field of type ${type} has no layout here: use u32, f32 or arrays of them`);
  return structOf(parts, type).words;
}
