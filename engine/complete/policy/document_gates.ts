import type { DocumentView, PipelineSettings, Question, Silence } from "../contract.ts";
import { exclusionOf, exclusionSilence, placesOf } from "./exclude.ts";

/**
 * Why there are no suggestions in a document, wherever the cursor is; null if there may be some. It can be asked before a
 * model is loaded.
 */
export const closedDocument = (
  document: Omit<DocumentView, "text" | "version">,
  trigger: Question["trigger"],
  settings: PipelineSettings,
): Silence | null =>
  unfitDocument(document, settings) ?? (trigger === "invoked" ? null : languageOff(document, settings));

/** Safety, and the main switch: an explicit request does not pass them. */
export function unfitDocument(
  document: Omit<DocumentView, "text" | "version">,
  { enabled, exclude }: Pick<PipelineSettings, "enabled" | "exclude">,
): Silence | null {
  if (!enabled)
    return {
      id: "disabled",
      problem: "Suggestions are off",
      advice: "turn on the setting “foretype.enable”",
      setting: "foretype.enable",
    };
  const exclusion = exclusionOf(document, exclude);
  if (exclusion) return exclusionSilence(exclusion);
  if (document.readOnly)
    return {
      id: "read-only",
      problem: "This file cannot be edited",
      advice: "suggestions are for files that can",
    };
  return null;
}

/** What `foretype.languages` says of a document. */
export function languageOff(
  document: Pick<DocumentView, "uri" | "path" | "languageId">,
  { languages }: Pick<PipelineSettings, "languages">,
): Silence | null {
  const { languageId } = document;
  const own = gitFileOf(document);
  if (own) {
    if (isOn(languages, own.languageId) || isOn(languages, languageId)) return null;
    return {
      id: "git-file",
      problem: `Suggestions are off in ${own.name}`,
      advice: `add "${own.languageId}": true to the setting “foretype.languages”`,
      setting: "foretype.languages",
    };
  }
  if (isLanguageOn(languages, languageId)) return null;
  return {
    id: "language-off",
    problem: `Suggestions are off for ${languageId}`,
    advice: "see the setting “foretype.languages”",
    setting: "foretype.languages",
  };
}

type Languages = PipelineSettings["languages"];

/** Whether `foretype.languages` has suggestions in a language. */
export function isLanguageOn(languages: Languages, languageId: string): boolean {
  // The commit message above the list of changes is the user's only if the setting says so.
  const fallback = languageId === "scminput" ? false : (settingOf(languages, "*") ?? true);
  return settingOf(languages, languageId) ?? fallback;
}

/** A wrong value says nothing. */
function settingOf(languages: Languages, languageId: string): boolean | undefined {
  const value: unknown = Object.hasOwn(languages, languageId) ? languages[languageId] : undefined;
  return typeof value === "boolean" ? value : undefined;
}

const isOn = (languages: Languages, languageId: string): boolean => settingOf(languages, languageId) === true;

const MESSAGES =
  /^(?:COMMIT_EDITMSG|MERGE_MSG|TAG_EDITMSG|SQUASH_MSG|NOTES_EDITMSG|EDIT_DESCRIPTION|BRANCH_DESCRIPTION|.*\.jjdescription|hg-editor-.*\.txt|svn-commit(?:\.\d+)?\.tmp)$/;

/** A file that version control writes for a moment, or keeps for itself: what it is, and the language id that turns it on. */
function gitFileOf({
  uri,
  path,
  languageId,
}: Pick<DocumentView, "uri" | "path" | "languageId">): { name: string; languageId: string } | undefined {
  const places = placesOf({ uri, path });
  const name = places[0]?.split("/").at(-1) ?? "";
  if (languageId === "git-commit" || MESSAGES.test(name))
    return { name: "commit messages", languageId: "git-commit" };
  if (languageId === "git-rebase" || name.startsWith("git-rebase-todo"))
    return { name: "rebase lists", languageId: "git-rebase" };
  if (name === "addp-hunk-edit.diff") return { name: "patches that Git applies", languageId };
  const isInside = places.some((place) => /(?:^|\/)\.(?:git|hg|jj|svn)\//i.test(place));
  return isInside ? { name: "files that version control keeps for itself", languageId } : undefined;
}
