import type { RemoteFiles } from "../../contract/index.ts";
import { inOneLine, UserError } from "../../errors/index.ts";
import { roomOf } from "../../generate/index.ts";
import { openGpu } from "../../gpu/index.ts";
import {
  aboutBytes,
  catalogue,
  defaultFolder,
  entriesThatFit,
  gigabytes,
  listModels,
  type Progress,
  proxiedFetch,
  pullModel,
  recommendedEntry,
  removeModel,
  verifyModel,
} from "../../library/index.ts";
import { type OpenFile, openModelFile } from "../../model_file/index.ts";
import { reportOn } from "./inspect.ts";
import { overwriteLine, printJson, say, table } from "./terminal.ts";

interface ModelsOptions {
  folder?: string;
  json?: boolean;
}

/** An empty one is a variable that is not set, and no folder. */
const folderOf = ({ folder }: ModelsOptions): string => folder || defaultFolder();

/** `foretype models list`: what is on the disk, then the catalogue with what fits; nothing of it asks the network. */
export async function listCommand(
  options: ModelsOptions & { memory?: number; device?: string },
): Promise<void> {
  const folder = folderOf(options);
  const { models, partials } = await listModels(folder);
  const memory = options.memory ?? (await gpuMemory(options.device));
  const fitting = memory === undefined ? [] : entriesThatFit(memory);
  const recommended = memory === undefined ? undefined : recommendedEntry(memory);
  const entries = catalogue.map((entry) => ({
    ...entry,
    aboutBytes: aboutBytes(entry),
    fits: memory === undefined ? null : fitting.includes(entry),
    recommended: entry === recommended,
  }));
  if (options.json) {
    printJson({ folder, memory: memory ?? null, models, partials, catalogue: entries });
    return;
  }
  const stateOf = (it: (typeof models)[number]) =>
    it.missing > 0 ? `${it.missing} parts missing` : it.verified ? "verified" : "not verified";
  const here = [
    ...models.map((it) => [it.name, gigabytes(it.bytes), it.quant || "?", stateOf(it)]),
    ...partials.map((it) => [
      it.name,
      gigabytes(it.bytesDone),
      "",
      it.bytesTotal ? `${Math.floor((100 * it.bytesDone) / it.bytesTotal)} % downloaded` : "begun",
    ]),
  ];
  console.log(here.length > 0 ? `${folder}\n${table(here)}\n` : `No models in ${folder}.\n`);
  const mark = ({ fits, recommended: best }: (typeof entries)[number]) =>
    best ? "recommended here" : fits === null ? "" : fits ? "fits" : "too large";
  const rows = entries.map((it) => [
    it.id,
    `about ${gigabytes(it.aboutBytes)}`,
    it.quant,
    `for ${it.memoryGiB} GiB`,
    `good for ${it.goodFor.join(", ")}`,
    it.can.includes("draft") ? "MTP" : "",
    it.license,
    mark(it),
  ]);
  console.log(`To pull by name, with the GPU memory that each is meant for:\n${table(rows)}`);
}

/** What the GPU has free; undefined where none answers or it does not say. A CPU's memory says nothing of what is quick enough. */
async function gpuMemory(device: string | undefined): Promise<number | undefined> {
  try {
    using gpu = await openGpu({ device });
    const { free } = roomOf(gpu);
    return Number.isFinite(free) && !gpu.software ? free : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Opens a model as loading does, and closes it: what is wrong with it is thrown.
 * @param memory of the GPU, bytes, where the user told it: a model that needs more comes with a word about it
 */
async function inspectRemote(
  path: string,
  remote: RemoteFiles,
  memory: number | undefined,
): Promise<OpenFile> {
  const open = await openModelFile(path, remote);
  await using _ = open.file;
  if (memory === undefined) return open;
  const device = { description: null, free: memory, largestBuffer: Number.POSITIVE_INFINITY };
  const { advice } = reportOn(open, {}, device);
  if (advice) say(advice);
  return open;
}

/** `foretype models pull NAME`. Ctrl-C leaves what was downloaded; the next call continues from it. */
export async function pullCommand(
  name: string,
  options: ModelsOptions & { memory?: number; hub?: string },
): Promise<void> {
  const folder = folderOf(options);
  const pulled = await interruptible(
    `\`foretype models pull ${name}\` continues from there`,
    async (signal) =>
      pullModel(name, folder, {
        hub: options.hub,
        memoryBytes: options.memory,
        fetch: await proxiedFetch(),
        signal,
        inspect: (path, remote) => inspectRemote(path, remote, options.memory),
        onNote: say,
        onProgress: progressDisplay(),
      }),
  );
  if (options.json) printJson(pulled);
  else
    console.log(
      `${inOneLine(pulled.path)} (${gigabytes(pulled.bytes)}, verified${pulled.downloaded ? "" : ", was here"})`,
    );
}

/** `foretype models rm NAME`. */
export async function removeCommand(name: string, options: ModelsOptions): Promise<void> {
  const removed = await removeModel(name, folderOf(options));
  if (options.json) printJson(removed);
  else console.log(`Deleted ${inOneLine(removed.files.join(", "))} (${gigabytes(removed.bytes)}).`);
}

/** `foretype models verify NAME`; exit status 1 unless every file has its checksum. */
export async function verifyCommand(name: string, options: ModelsOptions): Promise<void> {
  const folder = folderOf(options);
  const verified = await interruptible("nothing was changed", (signal) =>
    verifyModel(name, folder, { signal, onProgress: progressDisplay() }),
  );
  if (options.json) printJson(verified);
  else console.log(table(verified.files.map(({ path, state }) => [path, state])));
  if (verified.state === "wrong") {
    throw new UserError({
      code: "file-damaged",
      problem: `${verified.name} is not what was published`,
      advice: "delete it and pull it again",
    });
  }
  if (verified.state === "unknown") {
    throw new UserError({
      code: "checksum-missing",
      problem: `No checksum is recorded for ${verified.name}`,
      advice: "only models that were pulled have one",
    });
  }
}

/** Ctrl-C, a shutdown, a terminal that was closed. */
const stops = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work` until it is to end, which is then said in one sentence. */
async function interruptible<T>(advice: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of stops) process.once(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    throw new UserError({ code: "cancelled", problem: "Stopped", advice });
  } finally {
    for (const signal of stops) process.off(signal, stop);
    overwriteLine("");
  }
}

/** Shows progress on stderr, on terminals only. */
function progressDisplay(): (progress: Progress) => void {
  let shownAt = 0; // a terminal need not be written to for each chunk
  return ({ doing, bytesDone, bytesTotal, bytesPerSecond }) => {
    const now = performance.now();
    if (now - shownAt < 100 && bytesDone < bytesTotal) return;
    shownAt = now;
    const rest = bytesPerSecond > 0 ? (bytesTotal - bytesDone) / bytesPerSecond : 0;
    const time = rest >= 90 ? `${Math.ceil(rest / 60)} min` : `${Math.ceil(rest)} s`;
    const speed = doing === "downloading" ? `, ${gigabytes(bytesPerSecond)}/s, ${time} left` : "";
    const share = `${gigabytes(bytesDone)} of ${gigabytes(bytesTotal)}`;
    overwriteLine(`${doing === "downloading" ? "Downloading" : "Checking"}: ${share}${speed}`);
  };
}
