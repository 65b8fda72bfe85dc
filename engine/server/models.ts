import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import type {
  DraftSources,
  EngineSettings,
  EngineStatus,
  FromEngine,
  GpuPulse,
  ModelDescription,
  ModelSpec,
  RemoteFiles,
} from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import {
  chooseVariants,
  createChat,
  createEditor,
  createFimCompleter,
  fitSession,
  memoryNeeds,
  needsOf,
  openSession,
  roomOf,
  type Session,
  type Wishes,
} from "../generate/index.ts";
import { type GgufFile, modelName, parameterCount } from "../gguf/index.ts";
import { createKernelChoices, type Gpu, type KernelChoices, openGpu } from "../gpu/index.ts";
import { allocateModel, type Hyperparameters, type Model, productVersion } from "../model/index.ts";
import {
  contextFor,
  modelPath,
  type OpenFile,
  openModelFile,
  withoutDamagedBlock,
} from "../model_file/index.ts";
import type { LostDevices } from "./lost_devices.ts";

/** A model on the GPU with its session. */
export interface Loaded {
  readonly path: string;
  readonly context: number;
  readonly loadMs: number;
  readonly bytes: number;
  readonly drafts: DraftSources;
  /**
   * Prepares what later requests are quicker with: passes of other widths, then drafts; then chooses variants of kernels for the next
   * process.
   * @returns false when the signal aborted: call again
   */
  prepareRest(signal: AbortSignal): Promise<boolean>;
  readonly completer: ReturnType<typeof createFimCompleter>;
  readonly chat: ReturnType<typeof createChat>;
  readonly editor: ReturnType<typeof createEditor>;
  /** Frees the states of earlier prompts. */
  forget(): void;
  /** The device is gone, and the model with it. */
  leave(): void;
  free(): void;
}

type Report = (message: FromEngine) => void;

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

  const held = (): number =>
    gpu ? Object.values(gpu.bytesHeld()).reduce((sum, bytes) => sum + bytes, 0) : 0;

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

  /**
   * The session that the GPU has room for; other models make room where it would get less than it asks for: first
   * their kept states are freed, then the models, the longest unused first. @throws UserError where it does not fit alone either
   * @param makeRoom false: it takes what the others leave
   */
  function fitBeside(
    gpu: Gpu,
    file: GgufFile,
    h: Hyperparameters,
    wishes: Wishes,
    { path, makeRoom }: { readonly path: string; readonly makeRoom: boolean },
  ) {
    const room = roomOf(gpu);
    if (!makeRoom) {
      const beside = fitSession(file, h, wishes, room);
      if (!beside.fits) throw new UserError(beside.fault);
      return beside;
    }
    const alone = fitSession(file, h, wishes, { ...room, free: room.free + held() });
    if (!alone.fits) throw new UserError(alone.fault); // no other model is freed for nothing
    let fitted = fitSession(file, h, wishes, room);
    const tooLittle = () => !fitted.fits || fitted.shortened;
    if (tooLittle()) {
      // States of other models' prompts are read again sooner than their weights.
      for (const model of loaded.values()) model.forget();
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

  async function load(spec: ModelSpec, makeRoom: boolean): Promise<Loaded> {
    const started = performance.now();
    // Side by side: drivers and the programs that are asked for memory take their time, and so does a large vocabulary.
    const [opened, target] = await Promise.allSettled([openModelFile(modelPath(spec.path)), device()]);
    if (opened.status === "rejected") throw opened.reason;
    const open = opened.value;
    await using _ = open.file;
    if (target.status === "rejected") throw target.reason;
    for (const note of open.notes) log("info", `${spec.path}: ${note}`);
    try {
      return await place(spec, open, target.value, { started, makeRoom });
    } catch (error) {
      const trunk = withoutDamagedBlock(open, error);
      log("warn", `${spec.path}: ${trunk.notes.at(-1)}`);
      return await place(spec, trunk, target.value, { started, makeRoom });
    }
  }

  /** Brings an open model to the GPU. @throws UserError where it has no room, or a weight is no number */
  async function place(
    spec: ModelSpec,
    open: OpenFile,
    target: Gpu,
    { started, makeRoom }: { readonly started: number; readonly makeRoom: boolean },
  ): Promise<Loaded> {
    const { path } = spec;
    const { file } = open;
    const lost = !target.software && lostDevices.isLost(target.identity);
    const wishes = {
      context: contextOf(spec, open.h),
      contextAsked: false, // a host's context is what its prompts may take at most
      kvType: spec.kv ?? "f16",
      drafts: lost ? "off" : "auto",
      snapshotBytes: settings().snapshotBytes,
    } as const;
    const fitted = fitBeside(target, file, open.h, wishes, { path, makeRoom });
    for (const note of fitted.notes) log("warn", `${path}: ${note}`);
    const { settings: options, h } = fitted;
    const { context } = options;
    const cut = h.mtpLayers < open.h.mtpLayers;
    const before = held();
    const progress = (step: "weights" | "kernels") => (done: number, total: number) =>
      report({ kind: "loading", path, step, fraction: done / total });
    progress("weights")(0, 1);
    const undo = target.undoable();
    let session: Session | undefined;
    try {
      const { model, upload } = allocateModel(target, file, h);
      // Choosing how to roll back takes a quiet GPU, so it comes before the weights; kernels compile beside them.
      const begin = () => openSession(target, model, open.tokenizer, options);
      const opened = await (options.drafts === "off" ? begin() : guarded(target, begin));
      session = opened;
      let uploaded = false;
      const weights = upload(progress("weights")).then(() => {
        uploaded = true;
      });
      const kernels = progress("kernels");
      await both(
        weights,
        opened.prepare(false, (done, total) => {
          if (uploaded) kernels(done, total); // until then the weights are what is waited for
        }),
      );
      let gone = false;
      return {
        path,
        context,
        loadMs: performance.now() - started,
        bytes: held() - before,
        get drafts() {
          return draftsOf(opened, { off: options.drafts === "off", lost, cut });
        },
        async prepareRest(signal) {
          // A CPU's rows cost the same alone as together, and its compilers take long: preparing gains nothing.
          if (gone || target.software) return true;
          if (!(await opened.prepareRest(signal))) return false;
          if (opened.draftsUnprepared) {
            // Drafts bring kernels of their own to the other passes.
            if (!(await guarded(target, () => opened.prepareDrafts(signal)))) return false;
            if (!(await opened.prepareRest(signal))) return false;
          }
          return lost || guarded(target, () => choose(target, model, signal));
        },
        completer: createFimCompleter(opened, open.tokenizer),
        chat: createChat(opened, open.tokenizer),
        editor: createEditor(opened, open.tokenizer),
        forget: () => opened.forget(),
        leave() {
          gone = true;
        },
        free() {
          gone = true;
          opened.free();
          model.free();
        },
      };
    } catch (error) {
      session?.free();
      undo(); // memory may run out at any buffer of the model or the session
      throw error;
    } finally {
      report({ kind: "loading", path, step: "kernels", fraction: null });
    }
  }

  /** Measures what is not known of the device yet. @returns false when the signal aborted */
  async function choose(target: Gpu, model: Model, signal: AbortSignal): Promise<boolean> {
    if (kernelChoices.off) return true;
    const known = kernelChoices.of(target.identity);
    const choices = await chooseVariants(target, model, { known, signal });
    if (!choices) return false;
    if (Object.keys(choices).length === 0) return true;
    kernelChoices.remember(target.identity, choices);
    const words = Object.entries(choices).map(([name, { value }]) => `${name}: ${value}`);
    log("info", `chosen for the next start: ${words.join(", ")}`);
    return true;
  }

  /** Start-up work that serves speed only: a GPU that fails in it, or takes the process with it, is remembered. */
  async function guarded<T>(target: Gpu, work: () => Promise<T>): Promise<T> {
    if (target.software) return work();
    lostDevices.begin(target.identity);
    let failed = false;
    try {
      return await work();
    } catch (error) {
      failed = (await failureOf(target)) !== undefined;
      throw error;
    } finally {
      lostDevices.end(failed);
    }
  }

  return {
    /**
     * The model, from the GPU or from its file. `loadMs` is 0 where it was there.
     * @param makeRoom whether other models may make room for it; else it is the first to make room for others. Default: yes.
     */
    async use(spec: ModelSpec, makeRoom = true): Promise<{ model: Loaded; loadMs: number }> {
      const key = JSON.stringify([spec.path, spec.context, spec.kv]);
      const there = loaded.get(key);
      const model = there ?? (await load(spec, makeRoom));
      if (makeRoom || !there) {
        loaded.delete(key);
        const others = [...loaded];
        const own = [key, model] as const;
        loaded.clear();
        for (const [name, it] of makeRoom ? [...others, own] : [own, ...others]) loaded.set(name, it);
      }
      return { model, loadMs: there ? 0 : model.loadMs };
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
      return loaded.size === 0;
    },

    /** Frees the models; the device stays open. */
    unload: free,

    /** Gives up the device where it has failed, so that the next request opens it again. @returns how it failed */
    async dropBrokenDevice(): Promise<Error | undefined> {
      const broken = gpu;
      const failure = broken && (await failureOf(broken));
      if (!failure || broken !== gpu) return failure;
      for (const model of loaded.values()) model.leave();
      loaded.clear(); // their buffers died with the device
      broken.close();
      gpu = undefined;
      return failure;
    },

    get pulse(): GpuPulse {
      return gpu?.pulse ?? { waiting: false, returned: 0, patienceMs: 0 };
    },

    close(): void {
      free();
      gpu?.close();
      gpu = undefined;
    },
  };
}

/** How the device has failed, if it has. What fails on it may be told before its loss, so wait a moment for that. */
async function failureOf(gpu: Gpu): Promise<Error | undefined> {
  const failure = () => {
    try {
      gpu.check();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  };
  const known = failure();
  if (known) return known;
  await new Promise((resolve) => setImmediate(resolve));
  return failure();
}

/** Waits for both, also where one fails. */
async function both(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled([one, other]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** What drafts in a session, or why nothing does, as far as that was decided when the model was loaded. */
function draftsOf(
  { draftSources }: Session,
  { off, lost, cut }: { readonly off: boolean; readonly lost: boolean; readonly cut: boolean },
): DraftSources {
  if (off) return lost ? "device-lost" : "no-room";
  return cut && draftSources === "ngram" ? "ngram-no-room" : draftSources;
}

/** A host asks for what its prompts may take, for any model: the context is at most what the model was trained for. */
const contextOf = (spec: ModelSpec, h: Hyperparameters): number =>
  Math.min(spec.context ?? contextFor(h, undefined), h.contextLength);

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
