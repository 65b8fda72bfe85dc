// The peer of `foretype bench --peer llama.cpp`: the same GGUF file on the same device through npm `node-llama-cpp`.
// It runs in a child process: llama.cpp reads the Vulkan driver and device from the environment while it loads,
// and this process may hold a Vulkan loader and a driver of its own.
// The child is this same bundle, started with the hidden command `peer-child` (peer_llama_child.ts).
// node-llama-cpp is no dependency of Foretype, it is some hundred megabytes: a user who wants the peer installs it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors/index.ts";
import { withVulkanLoader } from "../../gpu/index.ts";
import { PEER_CHILD, type PeerReply, type PeerRequest, type PeerResults } from "./peer_llama_child.ts";

/** llama.cpp with one model in one context. Every shape (prompt length, count) runs once untimed, which compiles its pipelines. */
export interface Peer {
  /** Release, backend, device, layers on the device, graph splits (more than 2 on a GPU: some operations run on the CPU), KV type. */
  readonly description: string;
  /** Milliseconds from an empty state to the logits of the last of `ids`, read back. */
  prefill(ids: readonly number[]): Promise<number>;
  /**
   * The `count` greedy ids after `ids`, the end of text included and passed over as if it were any other.
   * `msPerToken` is wall time over `count` steps, each from one id to the next: evaluate, read back, arg-max.
   */
  decode(ids: readonly number[], count: number): Promise<{ ids: number[]; msPerToken: number }>;
  /** Ends the child. Without it the child still ends with this process, however that ends. */
  close(): Promise<void>;
}

export interface PeerOptions {
  backend: "vulkan" | "cpu";
  /** Driver manifest of the one Vulkan driver to load, and that its first device is used even if it is a CPU. */
  icd?: string;
  /** Tokens; llama.cpp rounds it up to a multiple of 256. */
  contextSize: number;
  /** Of llama.cpp's CPU backend, 1 unless told: its threads spin, and collapse where they outnumber the free cores. */
  threads?: number;
  /** f16 unless told, as llama.cpp has it. */
  kv?: "f16" | "f32";
}

// Exact, since peer_llama_child.ts calls the package's native binding without the scheduler around it.
const PACKAGE = "node-llama-cpp";
const VERSION = "3.22.1";
const INSTALL = `npm install --no-save --ignore-scripts ${PACKAGE}@${VERSION}`;

const STDERR_KEPT = 2000; // characters: enough for the assertion that an abort prints

/** Where to look for node-llama-cpp: the folders above this file, then `FORETYPE_PEER_DIR`. */
export function peerRoots(): string[] {
  const roots: string[] = [];
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    roots.push(folder);
    if (dirname(folder) === folder) break;
  }
  const extra = process.env.FORETYPE_PEER_DIR;
  return extra ? [...roots, resolve(extra)] : roots;
}

/** The entry file of the first node-llama-cpp under `roots`; a `UserError` if there is none or it is another version. */
export function findPeerPackage(roots: readonly string[]): string {
  const folder = roots.map((root) => join(root, "node_modules", PACKAGE)).find((path) => existsSync(path));
  if (folder === undefined)
    throw new UserError({
      code: "runtime",
      problem: `The peer llama.cpp needs ${PACKAGE} ${VERSION}, which is not installed`,
      advice: `run \`${INSTALL}\``,
    });
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  if (version !== VERSION)
    throw new UserError({
      code: "runtime",
      problem: `The peer llama.cpp needs ${PACKAGE} ${VERSION}, but ${folder} has ${version}`,
      advice: `run \`${INSTALL}\``,
    });
  return join(folder, "dist", "index.js");
}

/** Loads the model; fails rather than measure a CPU in place of the device that was asked for. */
export async function startPeer(modelPath: string, options: PeerOptions): Promise<Peer> {
  const entry = findPeerPackage(peerRoots());
  if (options.icd !== undefined && !existsSync(options.icd))
    throw new UserError({
      code: "usage",
      problem: `The Vulkan driver manifest ${options.icd} does not exist`,
      advice: "name one that does, or none to use the system's",
    });
  const child = forkChild(options.icd);
  const call = caller(child);
  const close = () => closeChild(child);
  const { contextSize, backend, threads = 1, kv = "f16" } = options;
  const requireRoom = (tokens: number) => {
    if (tokens > contextSize)
      throw new Error(`${tokens} tokens, but the peer's context holds ${contextSize}`);
  };
  try {
    const started = await call({
      kind: "start",
      entry,
      install: INSTALL,
      modelPath: resolve(modelPath),
      contextSize,
      backend,
      threads,
      kv,
    });
    return {
      description: started.description,
      prefill: async (ids) => {
        requireRoom(ids.length);
        return (await call({ kind: "prefill", ids })).ms;
      },
      decode: async (ids, count) => {
        requireRoom(ids.length + count);
        return call({ kind: "decode", ids, count });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const hidden = { windowsHide: true } as const; // which Node's types lack for fork

function forkChild(icd: string | undefined): ChildProcess {
  const env = withVulkanLoader({ ...process.env });
  if (icd !== undefined) {
    env.VK_DRIVER_FILES = resolve(icd);
    env.VK_ICD_FILENAMES = env.VK_DRIVER_FILES; // the same to loaders before 1.3.207
    delete env.VK_ADD_DRIVER_FILES;
    env.GGML_VK_VISIBLE_DEVICES = "0"; // left to itself, ggml passes over devices of type CPU
  }
  const child = fork(fileURLToPath(import.meta.url), [PEER_CHILD], {
    env,
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    ...hidden,
  });
  hold(child, false);
  return child;
}

/** Whether the child keeps this process alive: an idle peer must not hold up the end of a failed command. */
function hold(child: ChildProcess, on: boolean): void {
  const stderr = child.stderr as Socket | null;
  for (const handle of [child, child.channel, stderr]) on ? handle?.ref() : handle?.unref();
}

type Request<K extends PeerRequest["kind"]> = Omit<Extract<PeerRequest, { kind: K }>, "id">;

/** Sends requests to the child and settles each by its reply, or by the child's end. */
function caller(child: ChildProcess) {
  const waiting = new Map<number, { kind: string; settle(reply: PeerReply | Error): void }>();
  let lastId = 0;
  let stderr = "";
  let ended: string | undefined;

  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  child.on("message", (reply: PeerReply) => waiting.get(reply.id)?.settle(reply));
  const end = (how: string) => {
    ended ??= how;
    for (const { kind, settle } of waiting.values())
      settle(new Error(`llama.cpp ended with ${ended} during ${kind}. ${stderr.trim()}`.trim()));
  };
  child.on("error", (error) => end(error.message));
  // "close" and not "exit": by then all of stderr has been read.
  child.on("close", (status, signal) => end(signal ?? `status ${status}`));

  return <K extends keyof PeerResults>(request: { kind: K } & Request<K>): Promise<PeerResults[K]> =>
    new Promise((accept, reject) => {
      if (ended !== undefined) return reject(new Error(`llama.cpp has ended with ${ended}.`));
      const id = ++lastId;
      hold(child, true);
      waiting.set(id, {
        kind: request.kind,
        settle(reply) {
          waiting.delete(id);
          if (waiting.size === 0) hold(child, false);
          if (reply instanceof Error) reject(reply);
          else if ("result" in reply) accept(reply.result as PeerResults[K]);
          else reject(reply.fault ? new UserError(reply.fault) : new Error(reply.error));
        },
      });
      child.send({ ...request, id });
    });
}

/** Kills: freeing a context on a software device hangs at times, and the operating system frees it all the same. */
async function closeChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  hold(child, true);
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
