// What drivers' tools and files say of a GPU's memory, as numbers of bytes. Pure functions of what was read.
const MIB = 2 ** 20;

const sameName = (a: string, b: string): boolean => plain(a) === plain(b);
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/**
 * The card of that name in nvidia-smi's list (name, MiB in all, MiB free); of several the one with least free, since WebGPU
 * cannot say which of equal cards it opened. One without memory of its own has no numbers: `unified`.
 */
export function nvidiaMemory(
  said: string,
  name: string,
): { readonly total: number; readonly free: number } | "unified" | undefined {
  const rows = said
    .split("\n")
    .map((line) => line.split(",").map((field) => field.trim()))
    .filter((fields) => fields.length === 3 && sameName(fields[0]!, name));
  if (rows.length === 0) return undefined;
  const cards = rows
    .map(([, total, free]) => ({ total: Number(total) * MIB, free: Number(free) * MIB }))
    .filter(({ total, free }) => total > 0 && free >= 0);
  if (cards.length === 0) return "unified";
  return cards.reduce((least, card) => (card.free < least.free ? card : least));
}

/**
 * The AMD card of these files of each card: vendor, total and used of its own memory, total and used of the memory that it may
 * map from RAM, in bytes. Sysfs has no names: of several cards the smallest with 2 GiB or more counts.
 */
export function amdMemory(
  cards: readonly (readonly (string | undefined)[])[],
): { readonly total: number; readonly free: number; readonly kind: "dedicated" | "unified" } | undefined {
  const found = cards
    .filter(([vendor]) => vendor?.trim() === "0x1002")
    .map(([, ...sizes]) => sizes.map(Number))
    .filter(([total, used]) => total! > 0 && used! >= 0)
    .map(([total, used, mapped, mappedUsed]) => {
      // A processor's GPU has a small window of its own and takes the rest from RAM.
      const takesRam = total! < 4 * 1024 * MIB && mapped! > total!;
      return takesRam
        ? {
            total: total! + mapped!,
            free: total! + mapped! - used! - (mappedUsed || 0),
            kind: "unified" as const,
          }
        : { total: total!, free: total! - used!, kind: "dedicated" as const };
    });
  const cardsProper = found.filter(({ total }) => total >= 2048 * MIB);
  const candidates = cardsProper.length > 0 ? cardsProper : found;
  return candidates.reduce<(typeof found)[number] | undefined>(
    (least, card) => (least && least.total <= card.total ? least : card),
    undefined,
  );
}

/**
 * Bytes that Metal recommends a program to use at most: two thirds of RAM at least, on every Mac that was reported; a limit
 * that the user has set (`iogpu.wired_limit_mb`) counts instead.
 */
export function appleMemory(ramBytes: number, wiredLimit: string | undefined): number {
  const limit = Number(wiredLimit?.trim() || 0) * MIB;
  return limit > 0 ? Math.min(limit, ramBytes) : (ramBytes * 2) / 3;
}

/** Bytes of the card of that name, by two answers of `reg query`: the cards' names, and their sizes. */
export function windowsMemory(names: string, sizes: string, name: string): number | undefined {
  const described = registryValues(names);
  const sized = registryValues(sizes);
  const found = [...described]
    .filter(([, description]) => sameName(description, name))
    .map(([key]) => quadWord(sized.get(key)))
    .filter((bytes): bytes is number => bytes !== undefined && bytes > 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

/** Key → value, of an answer that has a line for each key and, indented below it, one for its value. */
function registryValues(said: string): Map<string, string> {
  const values = new Map<string, string>();
  let key = "";
  for (const line of said.split(/\r?\n/)) {
    if (/^HKEY_/.test(line)) key = line.trim();
    const value = /^\s+\S+\s+REG_(?:SZ|QWORD|DWORD|BINARY)\s+(.*)$/.exec(line)?.[1];
    if (value !== undefined && key) values.set(key, value.trim());
  }
  return values;
}

/** 0x… as a number, or eight bytes as hexadecimal digits, the lowest first. */
function quadWord(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^0x[0-9a-f]+$/i.test(value)) return Number(value);
  if (!/^([0-9a-f]{2}){4,8}$/i.test(value)) return undefined;
  return [...Buffer.from(value, "hex")].reduceRight((sum, byte) => sum * 256 + byte, 0);
}
