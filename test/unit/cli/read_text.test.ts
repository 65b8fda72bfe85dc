import { Readable } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { readText, textOf } from "../../../engine/cli/commands/read_text.ts";

const said = vi.spyOn(console, "error").mockImplementation(() => {});
afterEach(() => void said.mockClear());
const stream = (...pieces: Uint8Array[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

test("characters that come in two pieces are whole, and nothing is said", async () => {
  const bytes = Buffer.from("naïve 한국어 👩‍💻\n");
  for (const at of [3, 9, 18])
    expect(await textOf(stream(bytes.subarray(0, at), bytes.subarray(at)), "x")).toBe(bytes.toString());
  expect(said).not.toHaveBeenCalled();
});

test("what is no UTF-8 is read as U+FFFD, and said", async () => {
  expect(await textOf(stream(Uint8Array.of(0x61, 0xe4, 0x62)), "latin.txt")).toBe("a\ufffdb");
  expect(said).toHaveBeenCalledExactlyOnceWith(
    "latin.txt is not all UTF-8, and other bytes of it are read as U+FFFD: convert it first where they matter.",
  );
});

test("a text without an end is left at the bound", async () => {
  let read = 0;
  function* endless() {
    for (;;) {
      read++;
      yield Buffer.alloc(2 ** 20);
    }
  }
  await expect(textOf(Readable.from(endless()), "/dev/zero", 4 * 2 ** 20)).rejects.toThrow(
    "/dev/zero cannot be read (it has more than 4 MiB): name a text file.",
  );
  expect(read).toBeLessThan(40);
});

test("a file that is none says why", async () => {
  await expect(readText("/no/such/file")).rejects.toThrow("(there is no such file): name a text file.");
  await expect(readText(import.meta.dirname)).rejects.toThrow("(it is a directory): name a text file.");
});
