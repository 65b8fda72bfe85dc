import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import { memoryNeeds, requireFit, Session } from "../generate/index.ts";
import { type GgufFile, openGguf } from "../gguf/index.ts";
import { type Gpu, openGpu } from "../gpu/index.ts";
import { type Hyperparameters, loadModel, type Model, readHyperparameters } from "../model/index.ts";
import { createTokenizer, type Tokenizer, vocabularyFrom } from "../text/index.ts";
import { progressLine } from "./terminal.ts";

/** Options that every command with a model has. */
export interface ModelOptions {
  readonly device?: string;
  /** Positions; default: what the model was trained for, up to `defaultContext`. */
  readonly context?: number;
  readonly kv?: "f16" | "f32";
  /** Bytes of GPU memory that may be used. */
  readonly memory?: number;
  readonly mtp?: boolean;
}

/** A completion prompt with room to spare; longer contexts are asked for. */
const defaultContext = 8192;

/** Folder of package.json, above this file in the source tree and above the bundle alike. */
export function projectRoot(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, "package.json")) || at === dirname(at)) return at;
  }
}

/** A path, or `mini` for the embedded model. */
export const modelPath = (name: string): string =>
  name === "mini" ? join(projectRoot(), "media", "model", "foretype-mini.gguf") : name;

export interface OpenFile {
  readonly file: GgufFile;
  readonly h: Hyperparameters;
  readonly tokenizer: Tokenizer;
}

/** Opens a model file as far as it goes without a GPU, and closes it after `use`. */
export async function withFile<T>(name: string, use: (open: OpenFile) => Promise<T>): Promise<T> {
  await using file = await openGguf(modelPath(name));
  return await use({ file, h: readHyperparameters(file), tokenizer: createTokenizer(vocabularyFrom(file)) });
}

export interface OpenModel extends OpenFile {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly session: Session;
  /** Milliseconds that the weights took to get to the GPU. */
  readonly loadMs: number;
}

/** @throws UserError when more is asked for than the model was trained for. */
export function contextFor({ contextLength }: Hyperparameters, asked: number | undefined): number {
  if (asked !== undefined && asked > contextLength) {
    throw new UserError(
      `The model was trained for ${contextLength} positions and --context asks for ${asked}: choose at most ${contextLength}.`,
    );
  }
  return asked ?? Math.min(defaultContext, contextLength);
}

/** Compiles the session's kernels, which takes a new machine some seconds. @returns milliseconds */
export async function prepare(session: Session, sampled = false): Promise<number> {
  const started = performance.now();
  const progress = progressLine("Preparing the GPU's kernels");
  await session
    .prepare(sampled, (done, total) => progress.update(done / total))
    .finally(() => progress.end()); // an error gets a line of its own
  return performance.now() - started;
}

/** Loads a model, with a session, for `use`; frees everything after it. */
export async function withModel<T>(
  name: string,
  options: ModelOptions,
  use: (open: OpenModel) => Promise<T>,
): Promise<T> {
  return withFile(name, async (open) => {
    const { file, h } = open;
    const context = contextFor(h, options.context);
    const kvType = options.kv ?? "f16";
    const mtp = (options.mtp ?? false) && h.mtpLayers > 0;
    using gpu = await openGpu({ device: options.device, memoryLimit: options.memory });
    requireFit(gpu, file.path, memoryNeeds(file, h, { context, kvType, slots: 1, mtp }), context);
    const progress = progressLine(`Loading ${file.path}`);
    const started = performance.now();
    const model = await loadModel(gpu, file, (done, total) => progress.update(done / total)).finally(() =>
      progress.end(),
    );
    const loadMs = performance.now() - started;
    const session = new Session(gpu, model, { context, kvType, mtp });
    try {
      return await use({ ...open, gpu, model, session, loadMs });
    } finally {
      session.free();
      model.free();
    }
  });
}
