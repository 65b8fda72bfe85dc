import type { Random } from "../reference/random.ts";
import type { Change } from "./mutate_text.ts";

/** Numbers at and beyond the ends of what a count, a length, an offset or a type can be. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  9n,
  31n,
  0xffn,
  0xffffn,
  2n ** 24n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 60n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** One change to the bytes of a binary file, mostly in its first `header` bytes, whatever they mean. */
export function mutateBytes(bytes: Uint8Array, header: number, random: Random): Change {
  const below = (limit: number): number => Math.floor(random() * limit);
  const at = below(Math.max(1, Math.min(header, bytes.length)));
  const length = below(Math.min(40, bytes.length - at) + 1);
  switch (below(8)) {
    case 0:
    case 1: {
      const wide = random() < 0.6;
      const changed = Buffer.from(bytes);
      const edge = EDGES[below(EDGES.length)]!;
      if (at + 8 > changed.length) return { what: "the same", bytes };
      if (wide) changed.writeBigUInt64LE(edge, at);
      else changed.writeUInt32LE(Number(edge & 0xffffffffn), at);
      return { what: `${edge} at byte ${at}`, bytes: changed };
    }
    case 2: {
      const end = random() < 0.5 ? at : below(bytes.length + 1);
      return { what: `cut at ${end}`, bytes: bytes.slice(0, end) };
    }
    case 3: {
      const more = Buffer.alloc(1 + below(100), below(256));
      return { what: `${more.length} bytes more`, bytes: Buffer.concat([bytes, more]) };
    }
    case 4: {
      const parts = [bytes.subarray(0, at), bytes.subarray(at + length)];
      return { what: `${length} bytes at ${at} gone`, bytes: Buffer.concat(parts) };
    }
    case 5: {
      const parts = [bytes.subarray(0, at + length), bytes.subarray(at)];
      return { what: `${length} bytes at ${at} twice`, bytes: Buffer.concat(parts) };
    }
    case 6: {
      const changed = Uint8Array.from(bytes);
      for (let i = 0; i < length; i++) changed[at + i] = below(256);
      return { what: `${length} bytes at ${at} are random`, bytes: changed };
    }
    default: {
      const changed = Uint8Array.from(bytes);
      if (changed.length > 0) changed[at]! ^= 1 << below(8);
      return { what: `a bit of byte ${at}`, bytes: changed };
    }
  }
}
