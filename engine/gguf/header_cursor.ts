import type { UserError } from "../errors/index.ts";
import { damaged, grouped } from "./damage.ts";

/** The bytes that a header is read from. `read` fills all of `target`; the cursor never asks beyond `size`. */
export interface HeaderSource {
  readonly path: string;
  readonly size: number;
  read(offset: number, target: Uint8Array): Promise<void>;
}

/** Of a header. The longest in use, with two forms of a vocabulary of 250,000 tokens, have some 30 MB. */
const HEADER_LIMIT = 2 ** 26;
const WINDOW_BYTES = 1 << 20; // eleven reads for the 11 MB header of a 35B model, and small ones in one

/** Walks a header front to back through a window of the file. All its numbers are little endian. */
export class HeaderCursor {
  /** The part that is being read, as error sentences name it. */
  part = "the header";

  readonly #source: HeaderSource;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0; // position of the window in the file
  #next = 0; // position of the next byte in the window

  constructor(source: HeaderSource) {
    this.#source = source;
  }

  /** Position of the next byte in the file. */
  get offset(): number {
    return this.#windowStart + this.#next;
  }

  /** Bytes between here and the end of the file. */
  get remaining(): number {
    return this.#source.size - this.offset;
  }

  /** Steps over the next bytes and shows them; the view stays valid. */
  async take(bytes: number): Promise<DataView> {
    await this.#ensure(bytes);
    const view = new DataView(this.#window.buffer, this.#window.byteOffset + this.#next, bytes);
    this.#next += bytes;
    return view;
  }

  /** A copy of the next bytes in a buffer of their own, for typed arrays; read without a window of that size. */
  async copy(bytes: number): Promise<ArrayBuffer> {
    this.#checkRemaining(bytes);
    const buffer = new ArrayBuffer(bytes);
    for (let done = 0; done < bytes; ) {
      await this.#ensure(1);
      const piece = this.#window.subarray(this.#next, this.#next + bytes - done);
      new Uint8Array(buffer).set(piece, done);
      this.#next += piece.length;
      done += piece.length;
    }
    return buffer;
  }

  /** The next string (u64 byte length, UTF-8), which may have `limit` bytes. */
  async string(limit: number): Promise<string> {
    await this.#ensure(8);
    const whole = this.stringInWindow(limit);
    if (whole !== undefined) return whole;
    await this.#ensure(8 + this.#stringBytes(limit));
    return this.stringInWindow(limit)!;
  }

  /** The next string if the window holds all of it. Vocabularies are read by this: half a million promises are slow. */
  stringInWindow(limit: number): string | undefined {
    const start = this.#next + 8;
    if (start > this.#window.length) return undefined;
    const end = start + this.#stringBytes(limit);
    if (end > this.#window.length) return undefined;
    this.#next = end;
    return this.#window.toString("utf8", start, end);
  }

  damaged(fault: string): UserError {
    return damaged(this.#source.path, fault);
  }

  #stringBytes(limit: number): number {
    const bytes = this.#window.readUInt32LE(this.#next) + this.#window.readUInt32LE(this.#next + 4) * 2 ** 32;
    if (bytes > limit) {
      throw this.damaged(
        `${this.part} has a string of ${grouped(bytes)} bytes where ${grouped(limit)} is the most`,
      );
    }
    return bytes;
  }

  #checkRemaining(bytes: number): void {
    if (bytes > this.remaining) {
      throw this.damaged(
        `${this.part} needs ${grouped(bytes)} bytes at byte ${grouped(this.offset)} and the file ends at ${grouped(this.#source.size)}`,
      );
    }
    if (this.offset + bytes > HEADER_LIMIT) {
      throw this.damaged(
        `${this.part} needs ${grouped(bytes)} bytes at byte ${grouped(this.offset)} and a header ends by ${grouped(HEADER_LIMIT)}`,
      );
    }
  }

  /** Moves the window so that it begins here and holds at least `bytes`. */
  async #ensure(bytes: number): Promise<void> {
    if (this.#window.length - this.#next >= bytes) return;
    this.#checkRemaining(bytes);
    const start = this.offset;
    const window = Buffer.allocUnsafe(Math.min(Math.max(bytes, WINDOW_BYTES), this.remaining));
    await this.#source.read(start, window);
    this.#window = window;
    this.#windowStart = start;
    this.#next = 0;
  }
}
