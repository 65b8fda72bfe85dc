/** What kind of fault it is; code that reacts to a fault reads this, and never a sentence. */
export type FaultCode =
  /** An argument or a place names nothing that there is. */
  | "usage"
  | "setting"
  | "file-missing"
  | "file-unreadable"
  | "file-damaged"
  /** The MTP block is damaged, and the model runs without it. */
  | "block-damaged"
  /** Parts or tensors are missing. */
  | "file-incomplete"
  /** A whole file of a kind that this version does not run. */
  | "model-unsupported"
  /** A model without the tokens, the template or the block that a request needs. */
  | "model-role"
  | "prompt-length"
  /** More GPU memory is needed than is free. */
  | "memory"
  | "device-missing"
  /** The GPU was lost: what ran on it may run again on the device that is opened next. */
  | "device-lost"
  /** The GPU hangs, or computes what is not a number. */
  | "device-failed"
  /** A program or native library that Foretype needs is missing or too old. */
  | "runtime"
  | "engine-stopped"
  | "network"
  /** The Hub answered, and what was asked for is not to be had. */
  | "hub"
  | "checksum"
  | "checksum-missing"
  | "disk"
  | "in-use"
  /** A name means several things. */
  | "ambiguous"
  | "cancelled"
  | "benchmark";

/** What is wrong, and what to do about it; the same on the wire between the engine's process and its host. */
export interface Fault {
  readonly code: FaultCode;
  /** What is wrong, with numbers: a clause without its full stop. */
  readonly problem: string;
  /** What to do, in the imperative: a clause without its full stop. */
  readonly advice: string;
  /** The file or folder concerned. */
  readonly path?: string;
  /** The setting concerned, for example `foretype.model.hub`. */
  readonly setting?: string;
}

/** The one sentence that a user reads of a fault, or of a silence, which may come without advice. */
export const sentenceOf = ({ problem, advice }: Pick<Fault, "problem"> & Partial<Fault>): string => {
  const [first, second] = [problem, advice ?? ""].map((clause) => cut(clause, LONGEST_CLAUSE));
  return inOneLine(advice === undefined ? `${first}.` : `${first}: ${second}.`);
};

const LONGEST_CLAUSE = 800; // characters: names and paths in it come from files, servers and people, and may have any length

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** Text of a file, a server or a device for a terminal or a page: no character of it acts on either, or hides. */
export const inOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]+/gu, " ");

const QUOTED = 60; // characters: enough to recognise a text by

/** A text of a file in a sentence, cut where it is long. */
export const shortened = (text: string): string => cut(text, QUOTED + 1);

/** The same in quotes. */
export const quoted = (text: string): string => `"${shortened(text)}"`;

/** Any value of JSON in a sentence, cut where it is long. */
export function shownJson(value: unknown): string {
  try {
    return inOneLine(shortened(JSON.stringify(value) ?? String(value)));
  } catch {
    return "nested too deep"; // the writer calls itself for each level, and the reader does not
  }
}
