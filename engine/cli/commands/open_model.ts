import type { DraftMode } from "../../draft/index.ts";
import { type Fault, UserError } from "../../errors/index.ts";
import { type Fit, fitSession, openSession, roomOf, type Session } from "../../generate/index.ts";
import type { GgufFile } from "../../gguf/index.ts";
import { createKernelChoices, type Gpu, openGpu } from "../../gpu/index.ts";
import { defaultFolder, nextSmaller, resolveModel } from "../../library/index.ts";
import { loadModel, type Model, productVersion } from "../../model/index.ts";
import {
  contextFor,
  modelPath,
  type OpenFile,
  openModelFile,
  withoutDamagedBlock,
} from "../../model_file/index.ts";
import type { RollbackName } from "../../state/index.ts";
import { progressLine, say } from "./terminal.ts";
import { watchGpu } from "./watch_gpu.ts";

/** Options that every command with a model has. */
export interface ModelOptions {
  readonly device?: string;
  /** Positions; default: what the model was trained for, up to `defaultContext`. */
  readonly context?: number;
  readonly kv?: "f16" | "f32";
  /** Bytes of GPU memory that may be used. */
  readonly memory?: number;
  /** Whether the MTP block runs for its logits. */
  readonly mtp?: boolean;
  /** What drafts. Default: nothing. */
  readonly draft?: DraftMode;
  /** Longest draft. */
  readonly draftMax?: number;
  readonly rollback?: RollbackName | "auto";
  /** Positions that are taken if they fit, where `context` is not given. */
  readonly contextWished?: number;
  /** Whether the GPU's own clock is asked for. */
  readonly timestamps?: boolean;
}

/** The file that a MODEL argument names: a path, `mini`, or a model of the library. @throws UserError where it names none or several */
export async function fileOf(name: string): Promise<string> {
  if (name.trim() === "")
    throw new UserError({
      code: "usage",
      problem: "The name of the model is empty",
      advice: "name a GGUF file, a model that you pulled, or mini",
    });
  return modelPath(await resolveModel(name, defaultFolder()));
}

/** Opens a model file as far as it goes without a GPU, and closes it after `use`. */
export async function withFile<T>(name: string, use: (open: OpenFile) => Promise<T>): Promise<T> {
  const open = await openModelFile(await fileOf(name));
  await using _ = open.file;
  return await use(open);
}

/** Why a model does not fit and what would, with the smaller model of the catalogue, if there is one. */
export function misfit(file: GgufFile, { fault, smaller, free }: Fit & { fits: false }): Fault {
  const next = smaller && nextSmaller(file.size, free);
  if (next?.from !== "catalogue") return fault;
  const { id } = next.entry;
  return { ...fault, advice: `${fault.advice}, such as ${id} (\`foretype models pull ${id}\`)` };
}

export interface OpenModel extends OpenFile {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly session: Session;
  /** Milliseconds that the weights took to get to the GPU. */
  readonly loadMs: number;
}

/** Compiles the session's kernels, which takes a new machine some seconds. @returns milliseconds */
export async function prepare(session: Session, sampled = false): Promise<number> {
  const started = performance.now();
  const progress = progressLine("Preparing the GPU's kernels");
  await session
    .prepare(sampled, (done, total) => progress.update(done / total))
    .finally(() => progress.end()); // an error gets a line of its own
  await session.prepareDrafts();
  return performance.now() - started;
}

/** Loads a model, with a session, for `use`; frees everything after it. */
export async function withModel<T>(
  name: string,
  options: ModelOptions,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  return withFile(name, async (whole) => {
    using gpu = await openGpu({
      device: options.device,
      memoryLimit: options.memory,
      timestamps: options.timestamps,
      choices: createKernelChoices({ version: productVersion }).of,
    });
    using _ = watchGpu(gpu);
    const started = performance.now();
    const loaded = await load(gpu, whole, options).catch((error) =>
      load(gpu, withoutDamagedBlock(whole, error), options),
    );
    const loadMs = performance.now() - started;
    const { open, model, settings } = loaded;
    let session: Session | undefined;
    try {
      session = await openSession(gpu, model, open.tokenizer, settings);
      return await use({ ...open, h: model.h, gpu, model, session, loadMs });
    } finally {
      session?.free();
      model.free();
    }
  });
}

const wished = (h: OpenFile["h"], context: number | undefined): number | undefined =>
  context && Math.min(context, h.contextLength);

/** Brings the weights to the GPU. @throws UserError where there is no room for them, or one is no number */
async function load(gpu: Gpu, open: OpenFile, options: ModelOptions) {
  const { file, h } = open;
  const wishes = {
    context: contextFor(h, options.context ?? wished(h, options.contextWished)),
    contextAsked: options.context !== undefined,
    kvType: options.kv ?? "f16",
    mtp: (options.mtp ?? false) && h.mtpLayers > 0,
    drafts: options.draft ?? "off",
    longest: options.draftMax,
    rollback: options.rollback,
  } as const;
  const fitted = fitSession(file, h, wishes, roomOf(gpu));
  if (!fitted.fits) throw new UserError(misfit(file, fitted));
  for (const note of [...open.notes, ...fitted.notes]) say(note);
  const progress = progressLine(`Loading ${file.path}`);
  const update = (done: number, total: number) => progress.update(done / total);
  const model = await loadModel(gpu, file, update, fitted.h).finally(() => progress.end());
  return { open, model, settings: fitted.settings };
}
