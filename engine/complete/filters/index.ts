// Filters: what changes or drops a model's text before a user sees it.
// Start at filters.ts (the order); the other files have the filters by subject.
// Owns the id of each filter.
// Promise: each change or drop is reported with its filter's id.
// Must not know: how a model is asked.
export { cleanCharacters } from "./characters.ts";
export { cutAtControlToken } from "./control_tokens.ts";
export {
  type FilterOutcome,
  filterInPieces,
  filterSuggestion,
  presentable,
  rehearseFilters,
} from "./filters.ts";
export type { FilterHints } from "./hints.ts";
export { cutRepetition } from "./loops.ts";
