/**
 * The GPT-2 byte alphabet (NETWORK.md 7.3): vocabulary texts write each byte as one printable character.
 * Bytes that print in Latin-1 are themselves; the other 68, in order, are U+0100 and on.
 */
const CHAR_OF_BYTE: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(prints ? byte : next++);
  });
})();

const BYTE_OF_CHAR = new Map(CHAR_OF_BYTE.map((char, byte) => [char, byte]));

export function charOfByte(byte: number): string {
  return CHAR_OF_BYTE[byte]!;
}

/** The text that a vocabulary has for these bytes. */
export const textOfBytes = (bytes: Uint8Array): string => Array.from(bytes, charOfByte).join("");

/** The bytes that a vocabulary text encodes; a character outside the alphabet encodes its own UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const byte = BYTE_OF_CHAR.get(char);
    if (byte === undefined) bytes.push(...utf8.encode(char));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

const utf8 = new TextEncoder();
