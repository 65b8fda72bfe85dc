import { performance } from "node:perf_hooks";
import {
  type EngineEvent,
  type EngineRequest,
  type EngineSettings,
  type FromEngine,
  type GenerationCost,
  type GenerationEnd,
  idOf,
  isToEngine,
  kindOf,
  type Priority,
} from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { createScheduler, drain, type EditInTurns } from "../generate/index.ts";
import { createKernelChoices, type KernelChoices, type openGpu } from "../gpu/index.ts";
import { productVersion } from "../model/index.ts";
import type { Loaded } from "./load_model.ts";
import { createLostDevices, type LostDevices } from "./lost_devices.ts";
import { createModels, describeModel } from "./models.ts";
import { createReads } from "./reads.ts";

export interface EngineOptions {
  readonly send: (message: FromEngine) => void;
  /** Injected by tests. */
  readonly timers?: Pick<typeof globalThis, "setTimeout" | "clearTimeout">;
  readonly lostDevices?: LostDevices;
  readonly kernelChoices?: KernelChoices;
  readonly open?: typeof openGpu;
}

/** What a request spent before it ran, in milliseconds. */
type Waited = Required<Pick<GenerationCost, "queuedMs" | "loadMs">>;

/** What a request does in its turn. @returns undefined where it generates nothing */
type Use = (model: Loaded, signal: AbortSignal, waited: Waited) => Promise<GenerationEnd | undefined>;

type Ended = Omit<Extract<EngineEvent, { kind: "done" }>, "kind">;

const defaults: EngineSettings = { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 };

const mostKnown = 4096; // ids: copies of messages come close behind them
const mostUnreadable = 20; // kinds of messages that are named in the log

/** Serves the requests of protocol.ts on one GPU: by priority, one at a time, each with its own events. */
export function createEngine({ send, timers = globalThis, open, ...options }: EngineOptions) {
  let settings = defaults;
  const log = (message: string) => send({ kind: "log", level: "warn", message });
  const lostDevices = options.lostDevices ?? createLostDevices({ log });
  const kernelChoices = options.kernelChoices ?? createKernelChoices({ version: productVersion, log });
  const models = createModels(() => settings, send, lostDevices, open, kernelChoices);
  const scheduler = createScheduler();
  /** Requests that are not over, and the events that were said of each. */
  const running = new Map<number, { readonly controller: AbortController; said: number }>();
  const reads = createReads();
  /** Requests that came, or were cancelled before they came; the oldest first. Each runs once at most. */
  const known = new Set<number>();
  const unreadable = new Set<string>();
  let isGoingOn = false;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  async function unload(): Promise<void> {
    if (models.empty) return;
    await models.unload();
    send({ kind: "unloaded" });
  }

  function watchIdleness(): void {
    timers.clearTimeout(idleTimer);
    if (running.size > 0 || settings.unloadAfterMinutes <= 0 || models.empty) return;
    idleTimer = timers.setTimeout(() => void unloadIdle(), settings.unloadAfterMinutes * 60_000);
    idleTimer.unref?.();
  }

  /** In a turn, as what is prepared in the background runs on what is freed. */
  async function unloadIdle(): Promise<void> {
    using _ = await scheduler.enter("foreground");
    if (running.size === 0) await unload();
  }

  /** Runs `use` with a model when it is the request's turn. @returns how that ended */
  async function inTurn(
    { model: spec }: Extract<EngineRequest, { model: unknown }>,
    priority: Priority,
    signal: AbortSignal,
    use: Use,
  ): Promise<Ended> {
    const asked = performance.now();
    using turn = await scheduler.enter(priority, signal);
    if (!turn) return { reason: "cancelled" };
    const queuedMs = performance.now() - asked;
    const load = () => (priority === "edit" ? models.useInPieces(spec, turn.signal) : models.use(spec));
    try {
      const ended = await withModel(load, turn.signal, queuedMs, use);
      return turn.preempted && ended.reason === "cancelled" ? { ...ended, reason: "preempted" } : ended;
    } catch (error) {
      // Still in its turn: the next request opens the device again. On one that has failed all else fails with its own words.
      const broken = await models.dropBrokenDevice();
      throw broken instanceof UserError ? broken : error;
    }
  }

  async function withModel(
    load: () => ReturnType<typeof models.useInPieces>,
    signal: AbortSignal,
    queuedMs: number,
    use: Use,
  ): Promise<Ended> {
    const used = await load();
    if (!used) void goOn();
    if (used && used.loadMs > 0) void prepareRest(used.model);
    if (!used || signal.aborted) return { reason: "cancelled" };
    const { model, loadMs } = used;
    const end = await use(model, signal, { queuedMs, loadMs });
    return end ? { reason: end.reason, cost: { ...end, queuedMs, loadMs } } : { reason: "end" };
  }

  /** A request in one turn, and its last event. */
  async function withTurn(
    request: Extract<EngineRequest, { model: unknown }>,
    priority: Priority,
    signal: AbortSignal,
    emit: (event: EngineEvent) => void,
    use: Use,
  ): Promise<void> {
    emit({ kind: "done", ...(await inTurn(request, priority, signal, use)) });
  }

  /** An edit in as many turns as it takes: after what preempted it, it continues where it was. */
  async function edit(
    request: Extract<EngineRequest, { kind: "edit" }>,
    signal: AbortSignal,
    emit: (event: EngineEvent) => void,
  ): Promise<void> {
    let on: Loaded | undefined;
    let running: EditInTurns | undefined;
    /** Characters that the caller has got, and those of them that a model that was loaded again writes once more. */
    let sent = 0;
    let skip = 0;
    const waited = { queuedMs: 0, loadMs: 0 };
    for (;;) {
      const { reason, cost } = await inTurn(request, "edit", signal, async (model, turnSignal, now) => {
        waited.queuedMs += now.queuedMs;
        waited.loadMs += now.loadMs;
        if (model !== on) {
          on = model;
          running = model.editor.begin(request);
          skip = sent;
        }
        return drain(running!.run(turnSignal), ({ text, ...delta }) => {
          const fresh = text.slice(skip);
          skip -= text.length - fresh.length;
          sent += fresh.length;
          if (fresh !== "") emit({ kind: "text", ...delta, text: fresh, cost: { ...delta.cost, ...waited } });
        });
      });
      if (reason === "preempted") continue;
      return emit({ kind: "done", reason, ...(cost && { cost: { ...cost, ...waited } }) });
    }
  }

  /** Ends a load that gave way, in turns that no request wants: who asked for it may have left, and will ask again. */
  async function goOn(): Promise<void> {
    if (isGoingOn) return;
    isGoingOn = true;
    while (models.isLeft) {
      using turn = await scheduler.enter("warm-up");
      try {
        const used = turn && (await models.goOn(turn.signal));
        if (used) void prepareRest(used.model);
      } catch (error) {
        log(`a model was not loaded: ${(error as Error).message}`); // who asks for it again is told
        await models.dropBrokenDevice(); // still in its turn
      }
    }
    isGoingOn = false;
  }

  /** In turns that no request wants; one that comes has it at once, and this continues afterwards. */
  async function prepareRest(model: Loaded): Promise<void> {
    for (let done = false; !done; ) {
      using turn = await scheduler.enter("warm-up");
      try {
        done = turn === undefined || (await model.prepareRest(turn.signal));
      } catch (error) {
        done = true;
        send({ kind: "log", level: "error", message: `the model has no drafts: ${(error as Error).stack}` });
        await models.dropBrokenDevice(); // still in its turn: the next request opens the device again
      }
    }
  }

  async function serve(
    request: EngineRequest,
    signal: AbortSignal,
    emit: (event: EngineEvent) => void,
  ): Promise<void> {
    switch (request.kind) {
      case "describe": {
        const remote = request.files && reads.filesOf(request.files, emit, signal);
        emit({ kind: "described", description: await describeModel(request.model, remote) });
        return emit({ kind: "done", reason: "end" });
      }
      case "status":
        emit({ kind: "status", status: models.status() });
        return emit({ kind: "done", reason: "end" });
      case "unload": {
        using turn = await scheduler.enter("foreground", signal);
        if (turn) await unload();
        return emit({ kind: "done", reason: turn ? "end" : "cancelled" });
      }
      case "load":
        return withTurn(request, "warm-up", signal, emit, async () => undefined);
      case "complete":
        return withTurn(
          request,
          request.priority,
          signal,
          emit,
          async ({ completer }, turnSignal, waited) => {
            const stream = completer.complete({ ...request, signal: turnSignal });
            return drain(stream, ({ cost, ...delta }) =>
              emit({ kind: "text", ...delta, cost: { ...cost, ...waited } }),
            );
          },
        );
      case "edit":
        return edit(request, signal, emit);
      case "prepare":
        return withTurn(request, "ahead", signal, emit, async ({ completer }, turnSignal) => {
          emit({ kind: "prepared", ...(await completer.prepare(request.prompt, turnSignal)) });
          return undefined;
        });
      case "chat":
        return withTurn(request, "foreground", signal, emit, async ({ chat }, turnSignal) =>
          drain(chat.chat({ ...request, signal: turnSignal }), ({ kind, text }) =>
            emit(kind === "text" ? { kind, text, logProbability: 0 } : { kind, text }),
          ),
        );
      default:
        throw new Error(`there is no request "${(request as { kind: string }).kind}"`);
    }
  }

  /** The last event of a request that failed, or was cancelled in its work. */
  function endOf(error: unknown, { aborted, reason }: AbortSignal): EngineEvent {
    const message = error instanceof Error ? error.message : String(error);
    const fault = error instanceof UserError ? error.fault : undefined;
    if (!fault && !(aborted && error === reason))
      send({ kind: "log", level: "error", message: (error as Error).stack ?? message });
    if (aborted) return { kind: "done", reason: "cancelled" };
    return { kind: "error", message, ...(fault && { fault }) };
  }

  async function run(id: number, request: EngineRequest): Promise<void> {
    timers.clearTimeout(idleTimer);
    const controller = new AbortController();
    const one = { controller, said: 0 };
    running.set(id, one);
    // Nothing more is said to a caller that has left, but that it is over.
    const emit = (event: EngineEvent) => {
      if (controller.signal.aborted && event.kind !== "done") return;
      send({ kind: "event", id, nth: one.said++, event });
    };
    try {
      await serve(request, controller.signal, emit);
    } catch (error) {
      emit(endOf(error, controller.signal));
    } finally {
      running.delete(id);
      watchIdleness();
    }
  }

  /** @returns whether it is the first message that starts or cancels this request */
  function meet(id: number): boolean {
    if (known.has(id)) return false;
    known.add(id);
    if (known.size > mostKnown) known.delete(known.values().next().value!);
    return true;
  }

  /** The host may be of another version, or have gone wrong: what cannot be read is named once, and dropped. */
  function refuse(message: unknown): void {
    const kind = kindOf(message);
    if (!unreadable.has(kind) && unreadable.size < mostUnreadable) {
      unreadable.add(kind);
      log(`unknown message ${kind}: it is dropped, and so are others like it`);
    }
    const id = idOf(message);
    if (id === undefined || (message as { kind?: unknown }).kind !== "request" || !meet(id)) return;
    // Somebody waits for an answer.
    const error = "the engine cannot read this request: it is of another version of Foretype, or damaged";
    send({ kind: "event", id, nth: 0, event: { kind: "error", message: error } });
  }

  return {
    /** Takes a message of the client; anything else is named once and harms nothing. */
    receive(message: unknown): void {
      if (!isToEngine(message)) {
        refuse(message);
        return;
      }
      switch (message.kind) {
        case "settings": {
          const { device, memoryLimit } = settings;
          settings = message.settings;
          // Another device or limit holds for what is opened from now on.
          if (device !== settings.device || memoryLimit !== settings.memoryLimit) void reopen();
          watchIdleness();
          return;
        }
        case "request":
          if (meet(message.id)) void run(message.id, message.request);
          return;
        case "cancel":
          meet(message.id); // a request that comes after its own end is not run
          running.get(message.id)?.controller.abort();
          return;
        case "bytes":
          reads.take(message.token, message.base64);
          return;
        case "ping":
          send({
            kind: "pulse",
            pulse: models.pulse,
            said: [...running].map(([id, { said }]) => [id, said]),
          });
      }
    },
    close: () => models.close(),
    /** The process is about to end by its own will: no GPU has taken it. */
    leave: () => lostDevices.end(false),
  };

  async function reopen(): Promise<void> {
    using _ = await scheduler.enter("foreground");
    await models.close();
  }
}
