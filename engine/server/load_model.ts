import { performance } from "node:perf_hooks";
import type { DraftSources, FromEngine, ModelSpec } from "../contract/index.ts";
import {
  chooseVariants,
  createChat,
  createEditor,
  createFimCompleter,
  type Fit,
  openSession,
  type Session,
  type Wishes,
} from "../generate/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import type { Gpu, KernelChoices } from "../gpu/index.ts";
import { allocateModel, type Hyperparameters, type Model } from "../model/index.ts";
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

/** The turn in which a load runs: another one each time that it is continued. */
export interface LoadTurn {
  /** Undefined: the load runs to its end in this turn. */
  signal: AbortSignal | undefined;
  /** Since when it runs in this turn, and how long it ran in those before. */
  sinceMs: number;
  beforeMs: number;
}

/** A load under way. It yields where its turn's signal has aborted; while it is left there, it does nothing. */
export type Loading = AsyncGenerator<void, Loaded, undefined>;

export interface LoadOptions {
  readonly turn: LoadTurn;
  /**
   * Whether the load may be left between two pieces: some MiB of weights, one kernel. Else kernels compile beside the weights, which
   * is quicker.
   */
  readonly inPieces: boolean;
  readonly device: () => Promise<Gpu>;
  readonly snapshotBytes: () => number | undefined;
  /** What the GPU has room for. @throws UserError where that is too little */
  readonly fit: (gpu: Gpu, file: GgufFile, h: Hyperparameters, wishes: Wishes) => Promise<FitOf>;
  readonly lostDevices: LostDevices;
  readonly kernelChoices: KernelChoices;
  readonly report: (message: FromEngine) => void;
}

type FitOf = Extract<Fit, { readonly fits: true }>;

/** Loads a model. However it ends other than with the model, nothing of it is left on the GPU. */
export async function* loadModel(spec: ModelSpec, options: LoadOptions): Loading {
  const log = (level: "info" | "warn", message: string) => options.report({ kind: "log", level, message });
  // Side by side: drivers and the programs that are asked for memory take their time, and so does a large vocabulary.
  const [opened, target] = await Promise.allSettled([openModelFile(modelPath(spec.path)), options.device()]);
  if (opened.status === "rejected") throw opened.reason;
  const open = opened.value;
  await using _ = open.file;
  if (target.status === "rejected") throw target.reason;
  for (const note of open.notes) log("info", `${spec.path}: ${note}`);
  try {
    return yield* place(spec, open, target.value, options);
  } catch (error) {
    const trunk = withoutDamagedBlock(open, error);
    log("warn", `${spec.path}: ${trunk.notes.at(-1)}`);
    return yield* place(spec, trunk, target.value, options);
  }
}

/** Brings an open model to the GPU. @throws UserError where it has no room, or a weight is no number */
async function* place(spec: ModelSpec, open: OpenFile, target: Gpu, load: LoadOptions): Loading {
  const { turn, report, lostDevices } = load;
  const { path } = spec;
  const { file } = open;
  const lost = !target.software && lostDevices.isLost(target.identity);
  const wishes = {
    context: contextOf(spec, open.h),
    contextAsked: false, // a host's context is what its prompts may take at most
    kvType: spec.kv ?? "f16",
    drafts: lost ? "off" : "auto",
    snapshotBytes: load.snapshotBytes(),
  } as const;
  const fitted = await load.fit(target, file, open.h, wishes);
  for (const note of fitted.notes) report({ kind: "log", level: "warn", message: `${path}: ${note}` });
  const { settings: options, h } = fitted;
  const { context } = options;
  const cut = h.mtpLayers < open.h.mtpLayers;
  const progress = (step: "weights" | "kernels") => (done: number, total: number) =>
    report({ kind: "loading", path, step, fraction: done / total });
  const noProgress = () => report({ kind: "loading", path, step: "kernels", fraction: null });
  progress("weights")(0, 1);
  const made = target.undoable();
  const before = target.allBytesHeld;
  let others = 0; // bytes that were taken, or given back, while the load was left
  let session: Session | undefined;
  let isLoaded = false;

  /** Leaves the GPU to whoever wants it. */
  async function* giveWay(): AsyncGenerator<void, void, undefined> {
    if (!turn.signal?.aborted) return;
    made.pause();
    noProgress();
    const held = target.allBytesHeld;
    yield;
    others += target.allBytesHeld - held;
    made.resume();
  }

  try {
    const { model, uploadInPieces } = allocateModel(target, file, h);
    // Choosing how to roll back takes a quiet GPU, so it comes before the weights; kernels compile beside them.
    const begin = () => openSession(target, model, open.tokenizer, options);
    const opened = await (options.drafts === "off" ? begin() : guarded(target, lostDevices, begin));
    session = opened;
    const weights = uploadInPieces(progress("weights"));
    if (load.inPieces) {
      for await (const _ of weights) yield* giveWay();
      while (!(await opened.prepareInTurn(turn.signal))) yield* giveWay();
    } else await together(weights, opened, progress("kernels"));
    isLoaded = true;
    let gone = false;
    return {
      path,
      context,
      loadMs: turn.beforeMs + performance.now() - turn.sinceMs,
      bytes: target.allBytesHeld - before - others,
      get drafts() {
        return draftsOf(opened, { off: options.drafts === "off", lost, cut });
      },
      async prepareRest(signal) {
        // A CPU's rows cost the same alone as together, and its compilers take long: preparing gains nothing.
        if (gone || target.software) return true;
        if (!(await opened.prepareRest(signal))) return false;
        if (opened.draftsUnprepared) {
          // Drafts bring kernels of their own to the other passes.
          if (!(await guarded(target, lostDevices, () => opened.prepareDrafts(signal)))) return false;
          if (!(await opened.prepareRest(signal))) return false;
        }
        // Apart from drafts, which a GPU keeps that fails at a variant. What has failed otherwise is not tried with variants.
        const choosing = `${target.identity} | variants`;
        if (lost || lostDevices.isLost(choosing)) return true;
        return guarded(target, lostDevices, () => choose(target, model, signal, load), choosing);
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
  } finally {
    if (!isLoaded) {
      session?.free();
      made.undo(); // memory may run out at any buffer of the model or the session
    }
    noProgress();
  }
}

/** Streams the weights while the kernels compile. */
async function together(
  weights: AsyncGenerator<void, void>,
  session: Session,
  kernels: (done: number, total: number) => void,
): Promise<void> {
  let uploaded = false;
  const upload = async () => {
    for await (const _ of weights);
    uploaded = true;
  };
  await both(
    upload(),
    session.prepare(false, (done, total) => {
      if (uploaded) kernels(done, total); // until then the weights are what is waited for
    }),
  );
}

/** Measures what is not known of the device yet. @returns false when the signal aborted */
async function choose(
  target: Gpu,
  model: Model,
  signal: AbortSignal,
  { kernelChoices, report }: LoadOptions,
): Promise<boolean> {
  if (kernelChoices.off) return true;
  const known = kernelChoices.of(target.identity);
  const onWrong = (message: string) =>
    report({
      kind: "log",
      level: "warn",
      message: `${target.description} does not use a way to multiply: ${message}`,
    });
  const choices = await chooseVariants(target, model, { known, signal, onWrong });
  if (!choices) return false;
  if (Object.keys(choices).length === 0) return true;
  kernelChoices.remember(target.identity, choices);
  const words = Object.entries(choices).map(([name, { value }]) => `${name}: ${value}`);
  report({ kind: "log", level: "info", message: `chosen for the next start: ${words.join(", ")}` });
  return true;
}

/** Start-up work that serves speed only: a GPU that fails in it, or takes the process with it, is remembered. */
async function guarded<T>(
  target: Gpu,
  lostDevices: LostDevices,
  work: () => Promise<T>,
  key = target.identity,
): Promise<T> {
  if (target.software) return work();
  lostDevices.begin(key);
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

/** How the device has failed, if it has. What fails on it may be told before its loss, so wait a moment for that. */
export async function failureOf(gpu: Gpu): Promise<Error | undefined> {
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
export const contextOf = (spec: ModelSpec, h: Hyperparameters): number =>
  Math.min(spec.context ?? contextFor(h, undefined), h.contextLength);
