import { sentenceOf } from "../../errors/index.ts";
import { fitSession, memoryNeeds, needsOf, type Room, roomOf } from "../../generate/index.ts";
import { modelName, parameterCount } from "../../gguf/index.ts";
import { type DeviceMemory, mebibytes, openGpu } from "../../gpu/index.ts";
import { checkPlan, planPull, proxiedFetch } from "../../library/index.ts";
import type { Hyperparameters } from "../../model/index.ts";
import { contextFor, readModelFile } from "../../model_file/index.ts";
import { fileOf, type ModelOptions, misfit } from "./open_model.ts";
import { printJson, table } from "./terminal.ts";

/** Bytes of each tensor type in the file, largest first. */
export function quantMix(
  tensors: Iterable<{ type: string; bytes: number }>,
): [type: string, tensors: number, bytes: number][] {
  const mix = new Map<string, [number, number]>();
  for (const { type, bytes } of tensors) {
    const [count, sum] = mix.get(type) ?? [0, 0];
    mix.set(type, [count + 1, sum + bytes]);
  }
  return [...mix]
    .map(([type, [count, sum]]) => [type, count, sum] as [string, number, number])
    .sort((a, b) => b[2] - a[2]);
}

type ReadFile = Awaited<ReturnType<typeof readModelFile>>;

/** A device, as far as it matters to whether a model fits. */
export interface InspectedDevice extends Room {
  /** Null: none answers, and its memory was given by hand. */
  readonly description: string | null;
  /** Undefined: not known, or given by hand. */
  readonly memory?: DeviceMemory | undefined;
}

/** What `inspect --json` prints. `device`: undefined where none answers. */
export function reportOn(
  { file, h, tokenizer, notes, refusal }: ReadFile,
  options: Pick<ModelOptions, "context" | "kv">,
  device: InspectedDevice | undefined,
) {
  const context = contextFor(h, options.context);
  const wishes = {
    context,
    contextAsked: options.context !== undefined,
    kvType: options.kv ?? "f16",
    drafts: "auto",
  } as const;
  const { snapshot, ...needs } = memoryNeeds(file, h, needsOf(undefined, h, wishes));
  const room = device && { free: device.free, largestBuffer: device.largestBuffer };
  // Of a device that cannot tell what is free, nothing can be said.
  const fitted = room && Number.isFinite(room.free) ? fitSession(file, h, wishes, room) : undefined;
  const tensors = [...file.tensors.values()];
  return {
    path: file.path,
    name: modelName(file),
    architecture: h.architecture,
    parameters: parameterCount(tensors),
    fileBytes: file.size,
    tensorCount: tensors.length,
    layers: { total: h.layers, attention: h.fullAttention.filter(Boolean).length, mtp: h.mtpLayers },
    embedding: h.embedding,
    feedForward: h.feedForward,
    experts: h.experts ?? null,
    vocabulary: h.vocabulary,
    contextLength: h.contextLength,
    tensors: Object.fromEntries(quantMix(tensors).map(([type, count, bytes]) => [type, { count, bytes }])),
    unsupportedTensors: tensors
      .filter(({ supported }) => !supported)
      .map(({ name, type }) => `${name} (${type})`),
    refusal: refusal ? sentenceOf(refusal) : null,
    fillInTheMiddle: tokenizer.fim !== undefined,
    chat: tokenizer.chatTemplate !== undefined,
    mtp: h.mtpLayers > 0,
    notes,
    memory: { context, kvType: wishes.kvType, ...needs, kvPerToken: needs.kv / context, snapshot },
    device: device?.description ?? null,
    deviceMemory: device?.memory ?? null,
    free: fitted && room ? room.free : null,
    fits: fitted?.fits ?? null,
    fit: fitted?.fits
      ? {
          context: fitted.settings.context,
          snapshots: fitted.settings.snapshotBytes,
          mtp: fitted.h.mtpLayers > 0,
          notes: fitted.notes,
        }
      : null,
    advice: fitted && !fitted.fits ? sentenceOf(misfit(file, fitted)) : null,
  };
}

/** A model on the Hub: the headers of its files are read there, and nothing is stored. */
async function readFromHub(name: string, hub: string | undefined): Promise<ReadFile> {
  const access = { hub, fetch: await proxiedFetch() };
  const { found, unchecked, notes } = await checkPlan(await planPull(name, access), readModelFile, access);
  if (!found) throw unchecked!;
  return { ...found, notes: [...found.notes, ...notes] };
}

/**
 * `foretype inspect MODEL`: what a file is, what it can do, and what it needs. Uses the network only where `hub` says so:
 * true for the Hub, or the address of a mirror.
 */
export async function inspect(
  name: string,
  { hub, ...options }: ModelOptions & { json?: boolean; hub?: true | string },
): Promise<void> {
  const open = hub
    ? await readFromHub(name, hub === true ? undefined : hub)
    : await readModelFile(await fileOf(name));
  await using file = open.file;
  const report = reportOn(open, options, await describeDevice(options));
  if (options.json) {
    printJson(report);
    return;
  }
  const { memory } = report;
  // Without delta nets a state is hardly more than its keys and values.
  const snapshots =
    memory.snapshot < 2 ** 20
      ? ""
      : `; and ${mebibytes(memory.snapshot)} for each state of an earlier prompt`;
  const yes = (it: boolean) => (it ? "yes" : "no");
  const drafts = report.mtp ? "by its MTP block, and n-grams" : "n-grams only, the file has no MTP block";
  const rows = [
    ["file", `${file.path} (${mebibytes(file.size)}, GGUF ${file.version})`],
    [
      "model",
      `${report.name || "unnamed"}: ${kindOf(open.h)} (${report.architecture}), ${(report.parameters / 1e6).toFixed(1)} M parameters in ${report.tensorCount} tensors`,
    ],
    ["layers", `${layersOf(open.h)}; ${report.mtp ? "an" : "no"} MTP block`],
    ["width", `${report.embedding}, ${feedForwardOf(open.h)}, vocabulary ${report.vocabulary}`],
    ["context", `${report.contextLength} positions in training`],
    [
      "weights",
      Object.entries(report.tensors)
        .map(([type, { count, bytes }]) => `${type} ×${count} ${mebibytes(bytes)}`)
        .join(", "),
    ],
    [
      "can do",
      `fill in the middle: ${yes(report.fillInTheMiddle)}; chat: ${yes(report.chat)}; drafts: ${drafts}`,
    ],
    [
      "memory",
      `${mebibytes(memory.total)} with a context of ${memory.context}: weights ${mebibytes(memory.weights)}, KV (${memory.kvType}) ${mebibytes(memory.kv)}, recurrent state ${mebibytes(memory.state)}, scratch ${mebibytes(memory.scratch)}${snapshots}`,
    ],
    ["device", deviceSentence(report)],
    ["fits", fitSentence(report)],
    ...report.notes.map((note) => ["note", note]),
  ];
  const { length } = report.unsupportedTensors;
  if (length > 0) {
    const some = report.unsupportedTensors.slice(0, 3).join(", ");
    const verdict = report.refusal ? "cannot load" : "ignored";
    rows.push([
      verdict,
      `${length} ${length === 1 ? "tensor" : "tensors"}: ${some}${length > 3 ? ", …" : ""}`,
    ]);
  }
  if (report.refusal) rows.push(["instead", report.refusal]);
  console.log(table(rows));
}

/** The architecture in words. */
function kindOf({ fullAttention, experts }: Hyperparameters): string {
  const mixers = fullAttention.includes(false) ? "delta nets and attention" : "attention in every layer";
  return `${experts ? `a mixture of ${experts.count} experts` : "dense"}, ${mixers}`;
}

function layersOf({ layers, fullAttention }: Hyperparameters): string {
  const attention = fullAttention.filter(Boolean).length;
  return attention === layers ? `${layers}` : `${layers}, ${attention} with full attention`;
}

function feedForwardOf({ experts, feedForward }: Hyperparameters): string {
  if (!experts) return `feed-forward ${feedForward}`;
  const shared = experts.shared > 0 ? ` and one of ${experts.shared} for all` : "";
  return `${experts.used} of ${experts.count} experts of ${experts.feedForward} a token${shared}`;
}

function fitSentence({ fits, fit, advice, free, refusal }: ReturnType<typeof reportOn>): string {
  if (refusal !== null) return "no: it cannot be loaded";
  if (free === null || fits === null) {
    return "unknown: this system does not tell how much GPU memory is free, and --memory BYTES sets it";
  }
  if (!fit) return `no: ${advice}`;
  const notes = fit.notes.map((note) => ` ${note}`).join("");
  return `yes, ${mebibytes(free)} are free.${notes}`;
}

function deviceSentence({ device, deviceMemory }: ReturnType<typeof reportOn>): string {
  if (device === null) return "none answers; `foretype devices` says more";
  if (!deviceMemory) return device;
  const { total, free, kind } = deviceMemory;
  return `${device}, with ${mebibytes(total)}${kind === "unified" ? " shared with the system" : ""}, ${mebibytes(free)} free`;
}

async function describeDevice(options: ModelOptions): Promise<InspectedDevice | undefined> {
  try {
    using gpu = await openGpu({ device: options.device, memoryLimit: options.memory });
    const { free, largestBuffer } = roomOf(gpu);
    return { description: gpu.description, memory: gpu.memory, free, largestBuffer };
  } catch {
    const { memory } = options;
    return memory === undefined
      ? undefined
      : { description: null, free: memory, largestBuffer: Number.POSITIVE_INFINITY };
  }
}
