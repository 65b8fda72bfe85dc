import { spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { childEnvironment } from "../../scripts/environment.mjs";
import { type HubServer, sha256, startHub } from "../reference/hub_server.ts";
import type { Random } from "../reference/random.ts";

const FILE = "model-Q4_0.gguf";
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
/** What may lie there when a pull is ended at any moment; all of it is gone when one has ended well. */
const LEFT = [
  ".part",
  ".part.json",
  ".part.json.new",
  ".part.lock",
  ".part.lock.old",
  ".sha256",
  ".sha256.new",
];

/** What a run of the command ended with. */
interface Run {
  readonly status: number | null;
  readonly said: string;
}

/**
 * `foretype models pull`, ended at random moments, on a disk that is full, from a server that lies or is cut off.
 * @param cli the bundled command line
 */
export function createPullBench(cli: string) {
  let bytes: Uint8Array | undefined;

  async function model(): Promise<Uint8Array> {
    bytes ??= await readFile(new URL("../../test/fixtures/models/micro-Q4_0.gguf", import.meta.url));
    return bytes;
  }

  /** Runs the command; `end` may end it. @param blocks of 1024 bytes that a file may have on this disk */
  function pull(
    hub: HubServer,
    folder: string,
    end: (kill: (signal: NodeJS.Signals) => void) => () => void = () => () => {},
    blocks?: number,
  ): Promise<Run> {
    const args = [cli, "models", "pull", hub.repository, "--hub", hub.url, "--folder", folder];
    // A limit on the length of files is a disk that is full there, for this process alone.
    const limited = blocks !== undefined && process.platform !== "win32";
    const [program, flags] = limited
      ? ["bash", ["-c", `ulimit -f ${blocks}; exec "$@"`, "bash", process.execPath, ...args]]
      : [process.execPath, args];
    const child = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"], env: childEnvironment() });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const over = end((signal) => void child.kill(signal));
    return new Promise((resolve) => {
      child.once("close", (status) => {
        over();
        resolve({ status, said });
      });
    });
  }

  /** @throws Error where a file under the final name is not the whole one, or something lies there that nothing removes */
  async function requireSound(target: string, whole: Uint8Array): Promise<void> {
    const names = existsSync(dirname(target)) ? await readdir(dirname(target)) : [];
    const strange = names.filter((name) => name !== FILE && !LEFT.some((suffix) => name === FILE + suffix));
    if (strange.length > 0) throw new Error(`${strange.join(", ")} is left`);
    if (names.includes(FILE) && sha256(await readFile(target)) !== sha256(whole))
      throw new Error("a file under the final name is not the whole one");
    if (!names.includes(`${FILE}.sha256`)) return;
    const record = await readFile(`${target}.sha256`, "utf8");
    if (record !== `${sha256(whole)}  ${FILE}\n` || !names.includes(FILE))
      throw new Error(`a record says ${JSON.stringify(record)}, beside ${names.join(", ")}`);
  }

  /** Ends a command when a moment has come: some time, some bytes, or a file that has appeared. */
  function ending(random: Random, hub: HubServer, place: string) {
    const signal = SIGNALS[Math.floor(random() * SIGNALS.length)]!;
    const kind = random();
    const amount = random();
    return (kill: (signal: NodeJS.Signals) => void): (() => void) => {
      const end = () => kill(signal);
      if (kind < 0.25) {
        const timer = setTimeout(end, amount * 1500);
        return () => clearTimeout(timer);
      }
      if (kind < 0.6) {
        const from = hub.sent;
        const timer = setInterval(() => hub.sent - from > amount * 1_400_000 && end(), 1);
        return () => clearInterval(timer);
      }
      // The first change of names in the folder, the second and so on: the lock, the state, the final name, the record.
      let left = 1 + Math.floor(amount * 12);
      const watcher = watch(place, (what) => what === "rename" && --left === 0 && end());
      return () => watcher.close();
    };
  }

  /** Something that a server may do wrong, for a run. */
  function spoil(hub: HubServer, random: Random, whole: Uint8Array): void {
    const after = Math.floor(random() * whole.length);
    const kind = Math.floor(random() * 8);
    hub.files.set(FILE, { bytes: whole });
    hub.fault = () => undefined;
    if (kind === 0) hub.fault = (request) => (request % 3 === 0 ? { kind: "cut", after } : undefined);
    if (kind === 1) hub.fault = () => ({ kind: "whole" });
    if (kind === 2) hub.fault = () => ({ kind: "shifted" });
    if (kind === 3) hub.fault = () => ({ kind: "half" });
    if (kind === 4) hub.fault = () => ({ kind: "length", says: after });
    if (kind === 5) hub.files.set(FILE, { bytes: whole, listedBytes: after });
    if (kind === 6) hub.files.set(FILE, { bytes: whole, listedSha256: "ab".repeat(32) });
    if (kind === 7) hub.fault = () => ({ kind: "page" });
  }

  /** One run that is ended, fails, or does neither. @returns what it ended with */
  async function once(hub: HubServer, folder: string, target: string, random: Random): Promise<string> {
    const whole = await model();
    const how = random();
    hub.files.set(FILE, { bytes: whole });
    hub.fault = () => undefined;
    if (how >= 0.85) spoil(hub, random, whole);
    const end = how < 0.7 ? ending(random, hub, dirname(target)) : undefined;
    const full = how >= 0.7 && how < 0.85 ? Math.floor((random() * whole.length) / 1024) : undefined;
    const { status, said } = await pull(hub, folder, end, full);
    await requireSound(target, whole);
    // What is not ended by force says why in a sentence.
    if (status !== null && status !== 0 && !/^[^\n]+: [^\n]+\.$/m.test(said))
      throw new Error(`no sentence: ${said}`);
    return `${status} ${said.trim()}`;
  }

  /** A run that nothing disturbs ends with the model, continues what was there, and leaves nothing else. */
  async function last(hub: HubServer, folder: string, target: string): Promise<void> {
    const whole = await model();
    const part = await stat(`${target}.part`).then(
      ({ size }) => size,
      () => 0,
    );
    hub.files.set(FILE, { bytes: whole });
    hub.fault = () => undefined;
    const asked = hub.requests.length;
    const { status, said } = await pull(hub, folder);
    if (status !== 0) throw new Error(`it does not end well: ${status} ${said}`);
    await requireSound(target, whole);
    const names = (await readdir(dirname(target))).sort();
    if (names.join() !== [FILE, `${FILE}.sha256`].join()) throw new Error(`${names.join(", ")} are left`);
    // Those of the check before it have an end.
    const download = hub.requests.slice(asked).find(({ range }) => !/^bytes=\d+-\d+$/.test(range ?? ""));
    if (part > 0 && part < whole.length && download?.range !== `bytes=${part}-`)
      throw new Error(`${part} bytes were there, and ${download?.range ?? "all"} was asked for`);
  }

  return {
    /** A pull that is ended or fails some times, and then is let end. @throws Error where it does not end with the model */
    async pull(random: Random, disturbed = 1 + Math.floor(random() * 4)): Promise<void> {
      const folder = await mkdtemp(join(tmpdir(), "foretype-pull-"));
      await using hub = await startHub({ [FILE]: await model() });
      hub.slowMs = 4;
      const target = join(folder, hub.repository, FILE);
      await mkdir(dirname(target), { recursive: true }); // so that it can be watched
      const told: string[] = [];
      try {
        for (let i = 0; i < disturbed; i++) told.push(await once(hub, folder, target, random));
        await last(hub, folder, target);
      } catch (error) {
        throw new Error([(error as Error).message, ...told].join(" | "));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
