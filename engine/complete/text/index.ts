// Text: places, lines, brackets and syntax around a cursor.
// Start at place.ts (the line at the cursor), then anchors.ts (the frozen part of a document's prompt) and syntax.ts.
// Owns the parsed trees.
// Promise: offsets are UTF-16 units of the text with \n line ends.
// Must not know: suggestions, models.
export { type Anchors, createAnchors, isSameContext } from "./anchors.ts";
export { closersFor, pairBrackets } from "./brackets.ts";
export {
  autoClosed,
  type CursorText,
  cursorTextAt,
  depthOf,
  isSameBefore,
  TAIL,
  textBetween,
  typedHead,
  typedSince,
  windowAround,
} from "./cursor_text.ts";
export { headEchoEnd, lineEchoFinder, runEchoEnd } from "./echo.ts";
export { exactly } from "./exactly.ts";
export { isOneCharacter } from "./graphemes.ts";
export { isInComment } from "./in_comment.ts";
export { indentationOf } from "./indentation_of.ts";
export { languageIdOf } from "./language_id.ts";
export {
  endingsOf,
  type Insertion,
  isLiteral,
  lexisOf,
  lexisOrUsual,
  openBelow,
  regionsIn,
  scan,
  USUAL,
} from "./lexical/index.ts";
export { KNOWS_DECLARATIONS, type NameFacts, type Names, type Scope } from "./names.ts";
export { atOnce, editorPace, inSlices, type Pace, type Pieces } from "./pieces.ts";
export { columnsOf, indentation, isBlank, leadingWhite, type Place, placeAt } from "./place.ts";
export { lineOf, lineStartOf, offsetAt, readPlainText, withLineEnding } from "./position.ts";
export { copiesLine, isStructural, sameLine, saysMuch } from "./same_line.ts";
export { statementStart } from "./statement.ts";
export { linesOf } from "./suggestion_lines.ts";
export { createSyntax, type NameReader, type Syntax, type SyntaxFacts } from "./syntax.ts";
export { borders, hasName, isWord, lineTokens, type Token, tokensOf } from "./tokens.ts";
export { nearAfter } from "./window.ts";
export type { LiteralKind, WrittenRange } from "./written.ts";
