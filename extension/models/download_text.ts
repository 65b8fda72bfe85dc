import type { ChoosableModel, HubFile, Progress } from "../../engine/library/index.ts";
import { neededBytes } from "../../engine/library/index.ts";
import type { L10n } from "../l10n.ts";
import { bytesOf } from "../status/status_text.ts";

/** Bytes of files, in decimal units, as file managers and the Hub count them; in the unit of `alongside`, if that is given. */
export function diskBytes(bytes: number, alongside = bytes): string {
  if (alongside >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return alongside >= 1e7 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const percentDone = ({ bytesDone, bytesTotal }: Pick<Progress, "bytesDone" | "bytesTotal">): string =>
  `${bytesTotal > 0 ? Math.floor((100 * bytesDone) / bytesTotal) : 0}%`;

/** “1.2 of 2.7 GB, 24 MB/s, 1 min left”; speed and time once they are known. */
export function progressText(progress: Progress, l10n: L10n): string {
  const { doing, bytesDone, bytesTotal, bytesPerSecond } = progress;
  const [done] = diskBytes(bytesDone, bytesTotal).split(" ");
  const amount = l10n.t("{0} of {1}", done!, diskBytes(bytesTotal));
  if (doing === "checking") return l10n.t("checking {0}", amount);
  if (bytesPerSecond <= 0) return amount;
  const left = timeLeft((bytesTotal - bytesDone) / bytesPerSecond, l10n);
  return `${amount}, ${diskBytes(bytesPerSecond)}/s, ${left}`;
}

function timeLeft(seconds: number, l10n: L10n): string {
  if (seconds < 60) return l10n.t("{0} s left", Math.ceil(seconds));
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return l10n.t("{0} min left", minutes);
  return l10n.t("{0} h left", Math.round(minutes / 60));
}

/** What somebody agrees to before a download. */
export interface DownloadPlan {
  /** The model's name, without folders. */
  readonly title: string;
  readonly repository: string;
  readonly model: ChoosableModel<HubFile>;
  readonly folder: string;
  /** Undefined where the system does not say. */
  readonly freeBytes: number | undefined;
  readonly memoryBytes: number | null;
  readonly license: string | undefined;
  /** What would fit instead, where this does not. */
  readonly smaller: string | undefined;
}

/** The question, and what stands below it. */
export function confirmation(plan: DownloadPlan, l10n: L10n): { question: string; detail: string } {
  const { title, repository, model, folder, freeBytes, memoryBytes, license, smaller } = plan;
  const size = diskBytes(model.bytes);
  const question =
    freeBytes === undefined
      ? l10n.t("Download {0} ({1}) to {2}?", title, size, folder)
      : l10n.t("Download {0} ({1}) to {2}? {3} is free.", title, size, folder, diskBytes(freeBytes));
  const files = [...model.parts, ...model.companions].length;
  const needed = neededBytes(model.bytes);
  const lines = [
    files === 1 ? l10n.t("One file of {0}.", repository) : l10n.t("{0} files of {1}.", files, repository),
    ...(license ? [l10n.t("Licence: {0}.", license)] : []),
    ...(memoryBytes !== null && needed > memoryBytes
      ? [
          l10n.t(
            "It needs about {0} of GPU memory, and this GPU has {1}: {2}.",
            bytesOf(needed),
            bytesOf(memoryBytes),
            smaller === undefined ? l10n.t("take a smaller one") : l10n.t("{0} would fit", smaller),
          ),
        ]
      : []),
  ];
  return { question, detail: lines.join("\n") };
}

/** Models of a repository as rows to pick from: the usual one first, by its name, then the others, smallest first. */
export function repositoryRows(
  models: readonly ChoosableModel<HubFile>[],
  usual: string | undefined,
  memoryBytes: number | null,
  l10n: L10n,
): { label: string; description: string; detail: string; model: ChoosableModel<HubFile> }[] {
  return models
    .filter(({ missing }) => missing === 0)
    .sort((a, b) => Number(b.name === usual) - Number(a.name === usual) || a.bytes - b.bytes)
    .map((model) => {
      const needed = neededBytes(model.bytes);
      const words = [
        diskBytes(model.bytes),
        ...(model.name === usual ? [l10n.t("the usual choice")] : []),
        ...(memoryBytes === null
          ? []
          : [needed <= memoryBytes ? l10n.t("fits this GPU") : l10n.t("too large for this GPU")]),
      ];
      return {
        label: model.quant || model.name,
        description: words.join(" · "),
        detail: l10n.t("{0}, needs about {1} of GPU memory", model.name, bytesOf(needed)),
        model,
      };
    });
}
