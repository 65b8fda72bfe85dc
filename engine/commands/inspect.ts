import { memoryNeeds, needsOf } from "../generate/index.ts";
import { metadataString } from "../gguf/index.ts";
import { mebibytes, openGpu } from "../gpu/index.ts";
import { contextFor } from "../server/index.ts";
import { type ModelOptions, withFile } from "./open_model.ts";
import { printJson, table } from "./terminal.ts";

/** Bytes of each tensor type in the file, largest first. */
function quantMix(
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

/** `foretype inspect MODEL`: what a file is, what it can do, and what it needs. */
export async function inspect(name: string, options: ModelOptions & { json?: boolean }): Promise<void> {
  await withFile(name, async ({ file, h, tokenizer }) => {
    const context = contextFor(h, options.context);
    const kvType = options.kv ?? "f16";
    const needs = memoryNeeds(file, h, needsOf(undefined, h, { context, kvType, drafts: "auto" }));
    const parameters = [...file.tensors.values()].reduce(
      (sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1),
      0,
    );
    const device = await describeDevice(options);
    const fits = device?.memoryLimit === undefined ? undefined : needs.total <= device.memoryLimit;
    const unsupported = [...file.tensors.values()].filter(({ supported }) => !supported);
    const report = {
      path: file.path,
      name: metadataString(file, "general.name", ""),
      architecture: h.architecture,
      parameters,
      fileBytes: file.size,
      layers: { total: h.layers, attention: h.fullAttention.filter(Boolean).length, mtp: h.mtpLayers },
      embedding: h.embedding,
      feedForward: h.feedForward,
      vocabulary: h.vocabulary,
      contextLength: h.contextLength,
      tensors: Object.fromEntries(
        quantMix(file.tensors.values()).map(([type, count, bytes]) => [type, { count, bytes }]),
      ),
      unsupportedTensors: unsupported.map(({ name, type }) => `${name} (${type})`),
      fillInTheMiddle: tokenizer.fim !== undefined,
      chat: tokenizer.chatTemplate !== undefined,
      mtp: h.mtpLayers > 0,
      memory: { context, kvType, ...needs },
      device: device?.description ?? null,
      fits: fits ?? null,
    };
    if (options.json) {
      printJson(report);
      return;
    }
    const draftSentence = report.mtp
      ? "by its MTP block, and n-grams"
      : "n-grams only, the file has no MTP block";
    const yes = (it: boolean) => (it ? "yes" : "no");
    const rows = [
      ["file", `${file.path} (${mebibytes(file.size)}, GGUF ${file.version})`],
      [
        "model",
        `${report.name || "unnamed"}: ${h.architecture}, ${(parameters / 1e6).toFixed(1)} M parameters`,
      ],
      ["layers", `${h.layers}, ${report.layers.attention} with full attention; ${h.mtpLayers} MTP block`],
      ["width", `${h.embedding}, feed-forward ${h.feedForward}, vocabulary ${h.vocabulary}`],
      ["context", `${h.contextLength} positions in training`],
      [
        "weights",
        quantMix(file.tensors.values())
          .map(([type, count, bytes]) => `${type} ×${count} ${mebibytes(bytes)}`)
          .join(", "),
      ],
      [
        "can do",
        `fill in the middle: ${yes(report.fillInTheMiddle)}; chat: ${yes(report.chat)}; drafts: ${draftSentence}`,
      ],
      [
        "memory",
        `${mebibytes(needs.total)} with a context of ${context}: weights ${mebibytes(needs.weights)}, KV (${kvType}) ${mebibytes(needs.kv)}, recurrent state ${mebibytes(needs.state)}, scratch ${mebibytes(needs.scratch)}`,
      ],
      [
        "device",
        device
          ? `${device.description}: ${fitSentence(fits, device.memoryLimit)}`
          : "none answers; `foretype devices` says more",
      ],
    ];
    const { length } = unsupported;
    if (length > 0) {
      const some = report.unsupportedTensors.slice(0, 3).join(", ");
      rows.push([
        "cannot load",
        `${length} ${length === 1 ? "tensor" : "tensors"}: ${some}${length > 3 ? ", …" : ""}`,
      ]);
    }
    console.log(table(rows));
  });
}

function fitSentence(fits: boolean | undefined, limit: number | undefined): string {
  if (fits === undefined || limit === undefined) return "does not say how much memory is free";
  return `${fits ? "fits" : "does not fit"} (${mebibytes(limit)} free)`;
}

async function describeDevice(options: ModelOptions) {
  try {
    using gpu = await openGpu({ device: options.device, memoryLimit: options.memory });
    return { description: gpu.description, memoryLimit: gpu.memoryLimit };
  } catch {
    return undefined;
  }
}
