import type { Pieces } from "../text/index.ts";
import { createEditHistory } from "./history.ts";
import { repeatInPieces } from "./repeat.ts";

const FILE = { uri: "file:///rehearsal", path: "rehearsal", languageId: "plaintext" };
const TEXT = "count = count + step\nreturn count\n";

/** Follows an edit and looks where it can be made again, for nothing but its code to be compiled. */
export function* rehearseRepeat(): Pieces<void> {
  const history = createEditHistory({ clock: { now: () => 0 }, isExcluded: () => false });
  history.open(FILE, TEXT);
  yield;
  history.changed(FILE.uri, [{ offset: 0, removed: "count".length, inserted: "total" }], "typed");
  yield;
  const { languageId, uri } = FILE;
  yield* repeatInPieces({ document: history.get(uri)!, languageId, cursor: 0 });
}
