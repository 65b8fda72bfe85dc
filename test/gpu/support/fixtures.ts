import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../fixtures");

/** The cases that a folder of op vectors lists. */
export const fixtureCases = <Case>(name: string): readonly Case[] =>
  JSON.parse(readFileSync(join(folder, name, "index.json"), "utf8"));

/** A file of f32, little-endian. */
export function fixtureFloats(name: string, file: string): Float32Array<ArrayBuffer> {
  const bytes = readFileSync(join(folder, name, `${file}.f32`));
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
