import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import type {
  EngineSettings,
  EngineStatus,
  FromEngine,
  GpuPulse,
  ModelDescription,
  ModelSpec,
  RemoteFiles,
} from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { fitSession, memoryNeeds, needsOf, roomOf, type Wishes } from "../generate/index.ts";
import { type GgufFile, modelName, parameterCount } from "../gguf/index.ts";
import { createKernelChoices, type Gpu, type KernelChoices, openGpu } from "../gpu/index.ts";
import { type Hyperparameters, productVersion } from "../model/index.ts";
import { modelPath, openModelFile } from "../model_file/index.ts";
import { contextOf, failureOf, type Loaded, type Loading, type LoadTurn, loadModel } from "./load_model.ts";
import type { LostDevices } from "./lost_devices.ts";

type Report = (message: FromEngine) => void;

/** A load that has given way, or runs. */
interface Load {
  readonly key: string;
  readonly turn: LoadTurn;
  readonly steps: Loading;
}

/** A model on the GPU. `loadMs` is 0 where it was there. */
interface Used {
  readonly model: Loaded;
  readonly loadMs: number;
}

/**
 * The models on one GPU, by spec; both are opened when they are first needed. Not for concurrent use: the caller
 * of `use` holds the GPU's turn.
 */
export function createModels(
  settings: () => EngineSettings,
  report: Report,
  lostDevices: LostDevices,
  open: typeof openGpu = openGpu,
  kernelChoices: KernelChoices = createKernelChoices({ version: productVersion }),
) {
  let gpu: Gpu | undefined;
  // In order of use, the longest unused first.
  const loaded = new Map<string, Loaded>();
  /** A load that has given way: it has some of its weights on the GPU, and goes on where it was. */
  let left: Load | undefined;

  const held = (): number => gpu?.allBytesHeld ?? 0;

  function free(): void {
    for (const model of loaded.values()) model.free();
    loaded.clear();
  }

  async function device(): Promise<Gpu> {
    const { device, memoryLimit } = settings();
    gpu ??= await open({
      device: device === "auto" ? undefined : device,
      memoryLimit: memoryLimit || undefined,
      choices: kernelChoices.of,
    });
    return gpu;
  }

  const log = (level: "info" | "warn", message: string) => report({ kind: "log", level, message });

  /** The session that the GPU has room for beside the others. @throws UserError where that is too little */
  function fitBeside(gpu: Gpu, file: GgufFile, h: Hyperparameters, wishes: Wishes) {
    const fitted = fitSession(file, h, wishes, roomOf(gpu));
    if (!fitted.fits) throw new UserError(fitted.fault);
    return fitted;
  }

  /**
   * The same; other models make room where it would get less than it asks for: first their kept states are freed, then what is loaded
   * by half, then the models, the longest unused first. @throws UserError where it does not fit alone either
   */
  async function makeRoom(path: string, gpu: Gpu, file: GgufFile, h: Hyperparameters, wishes: Wishes) {
    const room = roomOf(gpu);
    const alone = fitSession(file, h, wishes, { ...room, free: room.free + held() });
    if (!alone.fits) throw new UserError(alone.fault); // no other model is freed for nothing
    let fitted = fitSession(file, h, wishes, room);
    const tooLittle = () => !fitted.fits || fitted.shortened;
    if (tooLittle()) {
      // States of other models' prompts are read again sooner than their weights.
      for (const model of loaded.values()) model.forget();
      fitted = fitSession(file, h, wishes, roomOf(gpu));
    }
    if (tooLittle() && left) {
      await giveUp();
      fitted = fitSession(file, h, wishes, roomOf(gpu));
    }
    for (const [key, model] of loaded) {
      if (!tooLittle()) break;
      log("info", `${model.path} makes room for ${path}`);
      model.free();
      loaded.delete(key);
      fitted = fitSession(file, h, wishes, roomOf(gpu));
    }
    if (!fitted.fits) throw new UserError(fitted.fault);
    return fitted;
  }

  /** Frees what a load that was left has brought to the GPU: who asks for that model again begins it again. */
  async function giveUp(): Promise<void> {
    const load = left;
    left = undefined;
    await load?.steps.return(undefined as never); // it runs no further than to its own end
  }

  /** A load that has not begun. @param inPieces it may be left, and makes no room for itself */
  function begin(key: string, spec: ModelSpec, inPieces: boolean): Load {
    const turn: LoadTurn = { signal: undefined, sinceMs: 0, beforeMs: 0 };
    const steps = loadModel(spec, {
      turn,
      inPieces,
      device,
      snapshotBytes: () => settings().snapshotBytes,
      fit: async (...what) => (inPieces ? fitBeside(...what) : makeRoom(spec.path, ...what)),
      lostDevices,
      kernelChoices,
      report,
    });
    return { key, turn, steps };
  }

  /** Runs a load until it ends, or until the signal has aborted. @returns the model, from then on among those that are loaded */
  async function run(load: Load, signal: AbortSignal | undefined): Promise<Used | undefined> {
    if (left === load) left = undefined;
    const { turn } = load;
    turn.signal = signal;
    turn.sinceMs = performance.now();
    const step = await load.steps.next();
    if (step.done) {
      // One that makes no room for itself is the first to make room for others.
      const all = signal
        ? [[load.key, step.value] as const, ...loaded]
        : [...loaded, [load.key, step.value] as const];
      loaded.clear();
      for (const [key, model] of all) loaded.set(key, model);
      return { model: step.value, loadMs: step.value.loadMs };
    }
    turn.beforeMs += performance.now() - turn.sinceMs;
    left = load;
    return undefined;
  }

  const keyOf = (spec: ModelSpec): string => JSON.stringify([spec.path, spec.context, spec.kv]);

  return {
    /** The model, from the GPU or from its file. Other models make room for it. */
    async use(spec: ModelSpec): Promise<Used> {
      const key = keyOf(spec);
      const model = loaded.get(key);
      if (!model) return (await run(left?.key === key ? left : begin(key, spec, false), undefined))!;
      loaded.delete(key);
      loaded.set(key, model);
      return { model, loadMs: 0 };
    },

    /**
     * The same for work that keeps others from nothing: the model takes the room that they leave, and its load is left where the signal
     * aborts, to go on with the next call, or with `goOn`.
     * @returns undefined where it was left
     */
    async useInPieces(spec: ModelSpec, signal: AbortSignal): Promise<Used | undefined> {
      const key = keyOf(spec);
      const model = loaded.get(key);
      if (model) return { model, loadMs: 0 };
      if (left && left.key !== key) await giveUp(); // the user has chosen another
      return run(left ?? begin(key, spec, true), signal);
    },

    /** Goes on with a load that was left, if one is. @returns undefined where none is, and where it was left again */
    goOn: (signal: AbortSignal): Promise<Used | undefined> =>
      left ? run(left, signal) : Promise.resolve(undefined),

    /** Whether a load was left. */
    get isLeft(): boolean {
      return left !== undefined;
    },

    status: (): EngineStatus => ({
      device: gpu?.description ?? null,
      deviceIsSoftware: gpu?.software ?? false,
      gpuBytes: held(),
      memoryLimit: gpu?.memoryLimit ?? null,
      processBytes: process.memoryUsage.rss(),
      models: [...loaded.values()].map(({ path, context, bytes, loadMs, drafts }) => ({
        path,
        context,
        bytes,
        loadMs,
        drafts,
      })),
    }),

    get empty(): boolean {
      return loaded.size === 0 && !left;
    },

    /** Frees the models; the device stays open. */
    async unload(): Promise<void> {
      if (left) await giveUp();
      free();
    },

    /** Gives up the device where it has failed, so that the next request opens it again. @returns how it failed */
    async dropBrokenDevice(): Promise<Error | undefined> {
      const broken = gpu;
      const failure = broken && (await failureOf(broken));
      if (!failure || broken !== gpu) return failure;
      for (const model of loaded.values()) model.leave();
      loaded.clear(); // their buffers died with the device
      if (left) await giveUp();
      broken.close();
      gpu = undefined;
      return failure;
    },

    get pulse(): GpuPulse {
      return gpu?.pulse ?? { waiting: false, returned: 0, patienceMs: 0 };
    },

    async close(): Promise<void> {
      if (left) await giveUp();
      free();
      gpu?.close();
      gpu = undefined;
    },
  };
}

/**
 * What a model file is and can do, read without a GPU.
 * @param remote where the file lies; left out: on this disk
 */
export async function describeModel(spec: ModelSpec, remote?: RemoteFiles): Promise<ModelDescription> {
  const open = await openModelFile(modelPath(spec.path), remote);
  await using file = open.file;
  const { h, tokenizer } = open;
  const context = contextOf(spec, h);
  return {
    path: spec.path,
    name: modelName(file) || basename(file.path),
    architecture: h.architecture,
    parameters: parameterCount(file.tensors.values()),
    fileBytes: file.size,
    contextLength: h.contextLength,
    completes: tokenizer.fim !== undefined,
    chats: tokenizer.chatTemplate !== undefined,
    mtpLayers: h.mtpLayers,
    controlTexts: tokenizer.specialTexts,
    mtpFiles: open.mtpFiles,
    neededBytes: memoryNeeds(
      file,
      h,
      needsOf(undefined, h, { context, kvType: spec.kv ?? "f16", drafts: "auto" }),
    ).total,
  };
}
