import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { sentenceOf, UserError } from "../../errors/index.ts";

/** Bytes of a text, at most: more than any recording, and a bound for what has no end, such as /dev/zero. */
const MOST_BYTES = 2 ** 27;

/**
 * The text of a file, or of a pipe with a name. What of it is not UTF-8 is said on stderr, and becomes U+FFFD.
 * @throws UserError when it cannot be read or is too large
 */
export function readText(path: string): Promise<string> {
  return textOf(createReadStream(path), path);
}

/** The same of an open stream. @param name for sentences */
export async function textOf(
  stream: AsyncIterable<unknown>,
  name: string,
  most: number = MOST_BYTES,
): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of stream) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
      if (size > most) break;
    }
  } catch (error) {
    throw unreadable(name, whyNot(error as NodeJS.ErrnoException));
  }
  if (size > most) throw unreadable(name, `it has more than ${most / 2 ** 20} MiB`);
  const bytes = Buffer.concat(pieces);
  if (!isUtf8(bytes)) console.error(sentenceOf(notUtf8(name)));
  return bytes.toString("utf8");
}

const whyNot = ({ code, message }: NodeJS.ErrnoException): string =>
  code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a directory" : (code ?? message);

const unreadable = (name: string, why: string): UserError =>
  new UserError({
    code: "file-unreadable",
    problem: `${name} cannot be read (${why})`,
    advice: "name a text file",
    path: name,
  });

const notUtf8 = (name: string) => ({
  problem: `${name} is not all UTF-8, and other bytes of it are read as U+FFFD`,
  advice: "convert it first where they matter",
});
