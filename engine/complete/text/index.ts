// Text: places, lines, brackets and syntax around a cursor.
// Start at place.ts (the line at the cursor), then anchors.ts (what of a document a prompt freezes) and syntax.ts.
// Owns the parsed trees.
// Promise: offsets are UTF-16 units of the text with \n line ends.
// Must not know: suggestions, models.
export { type Anchors, createAnchors } from "./anchors.ts";
export { closersFor, findQuote, pairBrackets } from "./brackets.ts";
export { nearlyEqual } from "./near.ts";
export { indentation, isBlank, type Place, placeAt } from "./place.ts";
export { offsetAt, readPlainText, withLineEnding } from "./position.ts";
export { autoClosed, type Stand, standAt, TAIL, typedSince } from "./stand.ts";
export { linesOf } from "./suggestion_lines.ts";
export { createSyntax, type Syntax, type SyntaxFacts } from "./syntax.ts";
