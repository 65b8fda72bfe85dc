// What the edits of both languages need.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Typist } from "./typist.ts";

/** A fixed copy of a source file: the traces stay the same when the file changes. */
export const read = (name: string): string =>
  readFileSync(new URL(`sources/${name}.txt`, import.meta.url), "utf8");

/** `text` with parts of it replaced that occur once each. */
export function edited(text: string, ...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((now, [from, to]) => {
    assert.equal(now.split(from).length, 2, `not once: ${from}`);
    return now.split(from).join(to);
  }, text);
}

export interface Made {
  readonly name: string;
  readonly typist: Typist;
  /** The files as they must be in the end. */
  readonly wanted: Readonly<Record<string, string>>;
}
