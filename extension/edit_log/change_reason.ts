import type { EditReason } from "../../engine/complete/index.ts";

/** What the editor tells of a change beside the change itself. */
export interface ChangeSigns {
  readonly by: "undo" | "redo" | undefined;
  /** It is the edit that we have just asked for. */
  readonly isOurs: boolean;
  /** The document is that of the active editor. */
  readonly isActive: boolean;
  /** Each change is within a line of the selection. */
  readonly isAtSelection: boolean;
  /** The document differs from its file. */
  readonly isDirty: boolean;
  readonly count: number;
}

/** How a document came to be changed, where the editor's signs tell; undefined: its shape has to tell. */
export function changeReason(signs: ChangeSigns): EditReason | undefined {
  if (signs.isOurs) return "accepted";
  if (signs.by) return signs.by;
  // Agents, and renames of a language server, write into documents that nobody looks at.
  if (!signs.isActive) return "bulk";
  if (signs.isAtSelection || signs.count > 1) return undefined;
  // Away from where the user is: an import that IntelliSense adds, a formatter, Git that has changed the file.
  return signs.isDirty ? "format" : "reload";
}
