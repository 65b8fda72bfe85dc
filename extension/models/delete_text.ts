import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import type { InstalledModel, PartialDownload } from "../../engine/library/index.ts";
import type { ModelRole } from "../services/index.ts";
import { baseName, diskBytes } from "../words/index.ts";

/** The question before a model of the library's folder is deleted, and the text below it. */
export function deletion(
  model: InstalledModel,
  uses: readonly ModelRole[],
): { question: string; detail: string } {
  const question = `Delete ${baseName(model.name)} (${diskBytes(model.bytes)}) from this machine?`;
  return { question, detail: [...afterUse(uses), ...model.files].join("\n") };
}

/** The question before a file that lies elsewhere is forgotten; it stays where it is. */
export function forgetting(path: string, uses: readonly ModelRole[]): { question: string; detail: string } {
  const question = `Take ${baseName(path)} off the list? The file stays on this machine.`;
  return { question, detail: [...afterUse(uses), path].join("\n") };
}

/** The question before what a download left is deleted. */
export const discarding = ({ name, bytesDone }: PartialDownload): string =>
  `Discard the ${diskBytes(bytesDone)} of ${baseName(name)} that were downloaded?`;

function afterUse(uses: readonly ModelRole[]): string[] {
  if (uses.includes("completion")) return ["It is in use: the embedded model completes from then on."];
  return uses.includes("chat")
    ? ["It is in use: the completion model explains and refactors from then on."]
    : [];
}

/** The settings of models after a file is gone: the embedded model completes, and an empty chat model follows it. */
export function settingsWithout(uses: readonly ModelRole[]): { completion?: string; chat?: string } {
  return {
    ...(uses.includes("completion") ? { completion: EMBEDDED_MODEL } : {}),
    ...(uses.includes("chat") ? { chat: "" } : {}),
  };
}
