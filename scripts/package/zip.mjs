// What a ZIP file such as a VSIX holds, read from its directory of contents. No archive of ours needs ZIP64.
import { inflateRawSync } from "node:zlib";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL_HEADER_BYTES = 30; // before the name
const DEFLATED = 8;

/** @typedef {{ readonly path: string, readonly mode: number, readonly bytes: number, readonly packedBytes: number, read(): Buffer }} ZippedFile */

/**
 * The files in `zip`: path, sizes in bytes as they are and as packed, Unix mode, and `read()`, the content.
 * @param {Buffer} zip
 * @returns {ZippedFile[]}
 */
export function readZip(zip) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || zip.readUInt32LE(end) !== END) throw new Error("not a ZIP file: it has no end record");
  /** @type {ZippedFile[]} */
  const files = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error(`no entry of the ZIP's directory at byte ${at}`);
    const method = zip.readUInt16LE(at + 10);
    const [packedBytes, bytes] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const name = zip.readUInt16LE(at + 28);
    const extra = zip.readUInt16LE(at + 30);
    const comment = zip.readUInt16LE(at + 32);
    const mode = zip.readUInt16LE(at + 40) & 0o777;
    const local = zip.readUInt32LE(at + 42);
    const path = zip.toString("utf8", at + 46, at + 46 + name);
    const read = () => {
      const start = local + LOCAL_HEADER_BYTES + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const packed = zip.subarray(start, start + packedBytes);
      return method === DEFLATED ? inflateRawSync(packed) : packed;
    };
    files.push({ path, bytes, packedBytes, mode, read });
    at += 46 + name + extra + comment;
  }
  return files.filter(({ path }) => !path.endsWith("/"));
}
