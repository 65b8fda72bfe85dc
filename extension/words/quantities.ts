export const percentOf = (share: number): string => `${Math.round(share * 100)}%`;

export const msOf = (ms: number): string =>
  ms < 9950 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;

/** Bytes of memory, in binary units, as GPUs are sold. */
export function bytesOf(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Bytes of files, in decimal units, as file managers and the Hub count them; in the unit of `alongside`, if that is given. */
export function diskBytes(bytes: number, alongside = bytes): string {
  if (alongside >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return alongside >= 1e7 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Characters of code that a token has at least, as a rule: a prompt of this many a token is on the safe side. */
export const CHARACTERS_PER_TOKEN = 3;
