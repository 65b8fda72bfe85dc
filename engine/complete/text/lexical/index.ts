// Lexical rules: how a text is read where no parser reads it.
// Start at languages.ts (comments, strings and docstrings by language id), then regionsIn, scan.ts and endings.ts.
// Owns the rules of each language.
// Promise: the same text is read the same way, in one piece or in several.
// Must not know: parsers, suggestions.
export { endingsOf, type Insertion, lexisOrUsual, USUAL } from "./endings.ts";
export { type Lexis, lexisOf } from "./languages.ts";
export { type Frame, isLiteral, openBelow, regionsIn, scan } from "./scan.ts";
