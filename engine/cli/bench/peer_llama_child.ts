// The child process of peer_llama.ts: llama.cpp behind three requests, one at a time.
// It times the native calls themselves (batch, decode, sample), some 0.06 ms a token above llama.cpp's own clock;
// node-llama-cpp's public `evaluate` adds 0.1 to 0.2 ms of scheduling, which is a third of a small model's step.
import { pathToFileURL } from "node:url";
import { type Fault, UserError } from "../../errors/index.ts";
import { explainFailedStart } from "./peer_llama_failure.ts";

/** The hidden command that starts `runPeerChild`. */
export const PEER_CHILD = "peer-child";

export type PeerRequest =
  | {
      id: number;
      kind: "start";
      /** Entry file of node-llama-cpp. */
      entry: string;
      /** The command that installs it. */
      install: string;
      modelPath: string;
      backend: "vulkan" | "cpu";
      contextSize: number;
      threads: number;
      kv: "f16" | "f32";
    }
  | { id: number; kind: "prefill"; ids: readonly number[] }
  | { id: number; kind: "decode"; ids: readonly number[]; count: number };

export interface PeerResults {
  start: { description: string };
  prefill: { ms: number };
  decode: { ids: number[]; msPerToken: number };
}

export type PeerReply =
  | { id: number; result: PeerResults[keyof PeerResults] }
  | { id: number; error: string; fault?: Fault };

/** Serves requests until it is killed or the parent is gone. */
export async function runPeerChild(): Promise<void> {
  if (process.send === undefined)
    throw new UserError({
      code: "usage",
      problem: `${PEER_CHILD} only serves the benchmark`,
      advice: `run \`foretype bench --peer llama.cpp\``,
    });
  // Not `exit`: it would wait for, or crash in, the native call that is under way.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  let model: LoadedModel | undefined;

  const answer = async (request: PeerRequest) => {
    if (request.kind === "start") {
      model = await loadModel(request);
      return { description: model.description };
    }
    if (model === undefined) throw new Error(`${request.kind} before start`);
    return request.kind === "prefill"
      ? prefill(model, request.ids)
      : decode(model, request.ids, request.count);
  };

  let turn: Promise<void> = Promise.resolve();
  process.on("message", (request: PeerRequest) => {
    turn = turn.then(async () => {
      try {
        process.send?.({ id: request.id, result: await answer(request) } satisfies PeerReply);
      } catch (error) {
        const { message } = error as Error;
        const fault = error instanceof UserError ? { fault: error.fault } : {};
        process.send?.({ id: request.id, error: message, ...fault } satisfies PeerReply);
      }
    });
  });
  await new Promise<never>(() => {});
}

/** What llama.cpp's log says of where a model was put. */
export interface Placement {
  /** Layers on the GPU of all, the output layer and MTP blocks included; undefined if the log names none. */
  layers?: { gpu: number; all: number };
  /** Memory kinds that hold KV or recurrent state, such as `Vulkan0`. */
  states: string[];
  /** Parts that the graph falls into by device: on a GPU, 2 is one for the embedding rows and one for the rest. */
  splits?: number;
  /** As allocated. */
  kv?: string;
}

export function readPlacement(log: string): Placement {
  const layers = /offloaded (\d+)\/(\d+) layers to GPU/.exec(log);
  const splits = [...log.matchAll(/graph: nodes = \d+, splits = (\d+)/g)].at(-1);
  const kv = /llama_kv_cache: size = .* K \((\w+)\)/.exec(log);
  const states = [...log.matchAll(/(\S+) (?:KV|RS) buffer size =/g)].map((match) => match[1]!);
  return {
    states: [...new Set(states)],
    ...(layers && { layers: { gpu: Number(layers[1]), all: Number(layers[2]) } }),
    ...(splits && { splits: Number(splits[1]) }),
    ...(kv && { kv: kv[1]! }),
  };
}

/** Throws unless the whole model and its state lie on exactly one Vulkan device. */
export function requireOneGpu(devices: readonly string[], { layers, states }: Placement): void {
  if (devices.length === 0)
    throw new UserError({
      code: "runtime",
      problem: "llama.cpp found no Vulkan device and would have run on the CPU",
      advice: "name a driver manifest (software devices count only when named), or use the cpu backend",
    });
  if (devices.length > 1)
    throw new UserError({
      code: "runtime",
      problem: `llama.cpp would split the model over ${devices.length} Vulkan devices (${devices.join(", ")})`,
      advice: "set GGML_VK_VISIBLE_DEVICES to the index of one",
    });
  if (layers === undefined || layers.gpu < layers.all || states.some((kind) => !kind.startsWith("Vulkan")))
    throw new UserError({
      code: "runtime",
      problem: `llama.cpp put ${layers?.gpu ?? 0} of ${layers?.all ?? "all"} layers on ${devices[0]} and state on ${states.join(", ") || "the CPU"}`,
      advice: "choose a model that fits the device whole",
    });
}

// The part of node-llama-cpp 3.22.1 that is used. Names with an underscore are the package's own inside.
interface Package {
  getLlama(options: {
    gpu: "vulkan" | false;
    build: "never";
    skipDownload: true;
    progressLogs: false;
    maxThreads: 0;
    logLevel: "info";
    logger(level: string, message: string): void;
  }): Promise<Llama>;
}
interface Llama {
  readonly _bindings: { AddonSampler: new (model: unknown) => Sampler };
  readonly llamaCppRelease: { release: string };
  logLevel: "info" | "error";
  getGpuDeviceNames(): Promise<string[]>;
  loadModel(options: { modelPath: string; gpuLayers: "max" | 0 }): Promise<{
    readonly _model: unknown;
    createContext(options: {
      contextSize: number;
      batchSize: number;
      threads: number;
      experimentalKvCacheKeyType: string;
      experimentalKvCacheValueType: string;
    }): Promise<Context>;
  }>;
}
interface Sampler {
  applyConfig(config: { temperature: number }): void;
}
interface Context {
  readonly _ctx: NativeContext;
}
interface NativeContext {
  /** Empties KV and recurrent state. */
  disposeSequence(sequence: number): void;
  initBatch(size: number): void;
  /** Returns where in the batch the logits of each of `logitIndexes` will be. */
  addToBatch(sequence: number, position: number, ids: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** Waits for the device and reads the logits. */
  sampleToken(batchLogitIndex: number, sampler: Sampler): Promise<number>;
}

interface LoadedModel {
  description: string;
  /** The package's object and not only the native one in it, which may be freed when the former is collected. */
  context: Context;
  /** Greedy. */
  sampler: Sampler;
  /** Shapes that have run, and so have their pipelines. */
  warm: Set<string>;
}

const BATCH = 512; // tokens of one pass: llama.cpp's default

async function loadModel(request: Extract<PeerRequest, { kind: "start" }>): Promise<LoadedModel> {
  const { backend, modelPath, threads } = request;
  const onGpu = backend === "vulkan";
  const { getLlama } = (await import(pathToFileURL(request.entry).href)) as Package;
  let log = "";
  const llama = await getLlama({
    gpu: onGpu && "vulkan",
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: 0, // no limit: the context's own number holds
    logLevel: "info",
    logger: (_, message) => {
      log += `${message}\n`;
    },
  }).catch((error: Error) => {
    const { entry, install } = request;
    const { platform, arch } = process;
    const { message } = error;
    throw new UserError(explainFailedStart({ entry, install, backend, message, platform, arch }));
  });

  const devices = onGpu ? await llama.getGpuDeviceNames() : [];
  if (onGpu && devices.length === 0) requireOneGpu(devices, { states: [] });
  const kv = request.kv.toUpperCase();
  const open = async () => {
    const loaded = await llama.loadModel({ modelPath, gpuLayers: onGpu ? "max" : 0 });
    const context = await loaded.createContext({
      contextSize: request.contextSize,
      batchSize: Math.min(BATCH, request.contextSize),
      threads,
      experimentalKvCacheKeyType: kv,
      experimentalKvCacheValueType: kv,
    });
    return { loaded, context };
  };
  const { loaded, context } = await open().catch((error: Error) => {
    throw new UserError({
      code: "runtime",
      problem: `llama.cpp cannot load ${modelPath} (${error.message.replace(/\s+/g, " ")})`,
      advice: "choose another model, or no peer",
    });
  });
  await new Promise((resume) => setTimeout(resume, 0)); // the log arrives by way of the event loop
  const placement = readPlacement(log);
  if (onGpu) requireOneGpu(devices, placement);
  llama.logLevel = "error";

  const sampler = new llama._bindings.AddonSampler(loaded._model);
  sampler.applyConfig({ temperature: 0 });
  const { layers, splits = "?" } = placement;
  const where = onGpu
    ? `Vulkan, ${devices[0]}, ${layers?.gpu}/${layers?.all} layers, ${splits} graph splits`
    : `CPU, ${threads} thread${threads === 1 ? "" : "s"}`;
  return {
    description: `llama.cpp ${llama.llamaCppRelease.release}, ${where}, KV ${placement.kv}`,
    context,
    sampler,
    warm: new Set(),
  };
}

async function prefill(model: LoadedModel, ids: readonly number[]): Promise<PeerResults["prefill"]> {
  await warmUp(model, `prefill ${ids.length}`, () => readPrompt(model, ids));
  const start = performance.now();
  await readPrompt(model, ids);
  return { ms: performance.now() - start };
}

async function decode(
  model: LoadedModel,
  ids: readonly number[],
  count: number,
): Promise<PeerResults["decode"]> {
  const run = async () => {
    let id = await readPrompt(model, ids);
    const drawn: number[] = [];
    const start = performance.now();
    while (drawn.length < count) {
      drawn.push(id);
      id = await evaluate(model, [id], ids.length + drawn.length - 1);
    }
    return { ids: drawn, msPerToken: (performance.now() - start) / count };
  };
  await warmUp(model, `decode ${ids.length} ${count}`, run);
  return run();
}

async function warmUp(model: LoadedModel, shape: string, run: () => Promise<unknown>): Promise<void> {
  if (model.warm.has(shape)) return;
  await run();
  model.warm.add(shape);
}

/** Evaluates a prompt from an empty state; returns the greedy id after it. */
function readPrompt(model: LoadedModel, ids: readonly number[]): Promise<number> {
  model.context._ctx.disposeSequence(0);
  return evaluate(model, ids, 0);
}

/** Evaluates `ids` from `position` on, and returns the greedy id after the last of them. */
async function evaluate(
  { context: { _ctx: native }, sampler }: LoadedModel,
  ids: readonly number[],
  position: number,
): Promise<number> {
  let logits = new Uint32Array();
  for (let start = 0; start < ids.length; start += BATCH) {
    const part = Uint32Array.from(ids.slice(start, start + BATCH));
    const isLast = start + BATCH >= ids.length;
    native.initBatch(part.length);
    logits = Uint32Array.from(
      native.addToBatch(0, position + start, part, Uint32Array.from(isLast ? [part.length - 1] : [])),
    );
    await native.decodeBatch();
  }
  if (logits.length !== 1) throw new Error(`${logits.length} rows of logits, but 1 was asked for`);
  return native.sampleToken(logits[0]!, sampler);
}
