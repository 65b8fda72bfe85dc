/** A name in a text, and where it last occurs before the cursor. */
export interface NameAt {
  readonly name: string;
  readonly offset: number;
}

const MAX = 5;

/** The last names before `cursor`, the nearest first; `from` is where the lines begin that are looked at. */
export function namesBefore(text: string, from: number, cursor: number): NameAt[] {
  const names = new Map<string, number>();
  const lines = text.slice(from, cursor);
  // The word at the cursor is not finished: it is no name yet.
  for (const match of lines.matchAll(/[\p{L}_$][\p{L}\p{N}_$]{2,}(?![\p{L}\p{N}_$]|$)/gu)) {
    if (KEYWORDS.has(match[0])) continue;
    names.delete(match[0]);
    names.set(match[0], from + match.index);
  }
  return [...names]
    .map(([name, offset]) => ({ name, offset }))
    .reverse()
    .slice(0, MAX);
}

// Of the common languages: they have no definition to look up.
const KEYWORDS = new Set(
  `and async await bool break case catch char class const continue def default defer delete double elif else enum
  except export extends false final finally float for foreach from func function global goto impl implements import
  instanceof int interface lambda let long match mod module mut namespace new nil none None not null override package
  pass private protected pub public raise readonly return self short static str string struct super switch template
  this throw throws trait true True False try type typedef typeof undefined union unsigned use using var virtual void
  volatile where while with yield`.split(/\s+/),
);
