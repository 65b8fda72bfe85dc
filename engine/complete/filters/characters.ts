// All but tab and line feed; U+FFFD is half a character; bidirectional marks make code read other than it runs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffd]/;

/** The text before the first character that does not belong in source text. */
export function cutAtControlCharacter(text: string): string {
  const found = text.search(CONTROL);
  return found === -1 ? text : text.slice(0, found);
}
