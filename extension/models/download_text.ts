import type { ChoosableModel, HubFile, Progress } from "../../engine/library/index.ts";
import { neededBytes } from "../../engine/library/index.ts";
import { bytesOf, diskBytes } from "../words/index.ts";

export const percentDone = ({ bytesDone, bytesTotal }: Pick<Progress, "bytesDone" | "bytesTotal">): string =>
  `${bytesTotal > 0 ? Math.floor((100 * bytesDone) / bytesTotal) : 0}%`;

/** “1.2 of 2.7 GB, 24 MB/s, 1 min left”; speed and time once they are known. */
export function progressText(progress: Progress): string {
  const { doing, bytesDone, bytesTotal, bytesPerSecond } = progress;
  const [done] = diskBytes(bytesDone, bytesTotal).split(" ");
  const amount = `${done} of ${diskBytes(bytesTotal)}`;
  if (doing === "checking") return `checking ${amount}`;
  if (bytesPerSecond <= 0) return amount;
  const left = timeLeft((bytesTotal - bytesDone) / bytesPerSecond);
  return `${amount}, ${diskBytes(bytesPerSecond)}/s, ${left}`;
}

function timeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} min left`;
  return `${Math.round(minutes / 60)} h left`;
}

/** What the user agrees to before a download. */
export interface DownloadPlan {
  /** The model's name, without folders. */
  readonly title: string;
  readonly repository: string;
  readonly model: ChoosableModel<HubFile>;
  readonly folder: string;
  /** Undefined where the system does not say. */
  readonly freeBytes: number | undefined;
  /** Bytes of GPU memory; left out: about what its size says. */
  readonly needed?: number | undefined;
  readonly memoryBytes: number | null;
  readonly license: string | undefined;
  /** What else there is to know, whole sentences. */
  readonly notes?: readonly string[];
  /** What would fit instead, where this does not. */
  readonly smaller: string | undefined;
}

/** The question, and the text below it. */
export function confirmation(plan: DownloadPlan): { question: string; detail: string } {
  const { title, repository, model, folder, freeBytes, memoryBytes, license, notes = [], smaller } = plan;
  const needed = plan.needed ?? neededBytes(model.bytes);
  const size = diskBytes(model.bytes);
  const question =
    freeBytes === undefined
      ? `Download ${title} (${size}) to ${folder}?`
      : `Download ${title} (${size}) to ${folder}? ${diskBytes(freeBytes)} is free.`;
  const files = [...model.parts, ...model.companions].length;
  const tooLarge = memoryBytes !== null && needed > memoryBytes;
  const wayOut = smaller === undefined ? "take a smaller one" : `${smaller} would fit`;
  const lines = [
    files === 1 ? `One file of ${repository}.` : `${files} files of ${repository}.`,
    ...(license ? [`Licence: ${license}.`] : []),
    ...(tooLarge
      ? [
          `It needs about ${bytesOf(needed)} of GPU memory, and this GPU has ${bytesOf(memoryBytes)}: ${wayOut}.`,
        ]
      : []),
    ...notes,
  ];
  return { question, detail: lines.join("\n") };
}

/** Models of a repository as rows to pick from: the usual one first, by its name, then the others, smallest first. */
export function repositoryRows(
  models: readonly ChoosableModel<HubFile>[],
  usual: string | undefined,
  memoryBytes: number | null,
): { label: string; description: string; detail: string; model: ChoosableModel<HubFile> }[] {
  return models
    .filter(({ missing }) => missing === 0)
    .sort((a, b) => Number(b.name === usual) - Number(a.name === usual) || a.bytes - b.bytes)
    .map((model) => {
      const needed = neededBytes(model.bytes);
      const words = [
        diskBytes(model.bytes),
        ...(model.name === usual ? ["the usual choice"] : []),
        ...(memoryBytes === null ? [] : [needed <= memoryBytes ? "fits this GPU" : "too large for this GPU"]),
      ];
      return {
        label: model.quant || model.name,
        description: words.join(" · "),
        detail: `${model.name}, needs about ${bytesOf(needed)} of GPU memory`,
        model,
      };
    });
}
