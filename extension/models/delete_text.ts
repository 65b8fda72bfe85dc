import type { InstalledModel, PartialDownload } from "../../engine/library/index.ts";
import type { L10n } from "../l10n.ts";
import type { ModelRole } from "../services.ts";
import { diskBytes } from "./download_text.ts";
import { baseName } from "./list.ts";

/** The question before a model of the library's folder is deleted, and what stands below it. */
export function deletion(
  model: InstalledModel,
  uses: readonly ModelRole[],
  l10n: L10n,
): { question: string; detail: string } {
  const question = l10n.t(
    "Delete {0} ({1}) from this machine?",
    baseName(model.name),
    diskBytes(model.bytes),
  );
  return { question, detail: [...afterUse(uses, l10n), ...model.files].join("\n") };
}

/** The question before a file that lies elsewhere is forgotten; it stays where it is. */
export function forgetting(
  path: string,
  uses: readonly ModelRole[],
  l10n: L10n,
): { question: string; detail: string } {
  const question = l10n.t("Take {0} off the list? The file stays on this machine.", baseName(path));
  return { question, detail: [...afterUse(uses, l10n), path].join("\n") };
}

/** The question before what a download left is deleted. */
export const discarding = ({ name, bytesDone }: PartialDownload, l10n: L10n): string =>
  l10n.t("Discard the {0} of {1} that were downloaded?", diskBytes(bytesDone), baseName(name));

function afterUse(uses: readonly ModelRole[], l10n: L10n): string[] {
  if (uses.includes("completion"))
    return [l10n.t("It is in use: the embedded model completes from then on.")];
  return uses.includes("chat")
    ? [l10n.t("It is in use: the completion model explains and refactors from then on.")]
    : [];
}

/** The settings of models after a file is gone: the embedded model completes, and an empty chat model follows it. */
export function settingsWithout(uses: readonly ModelRole[]): { completion?: string; chat?: string } {
  return {
    ...(uses.includes("completion") ? { completion: "mini" } : {}),
    ...(uses.includes("chat") ? { chat: "" } : {}),
  };
}
