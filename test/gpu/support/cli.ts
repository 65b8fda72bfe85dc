import { spawn } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { build } from "../../../scripts/package/package.mjs";
import { temporaryFolder } from "./models.ts";

const checkout = join(import.meta.dirname, "../../..");

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  /** Without what Dawn and its drivers write there. */
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Closes the reader's end of stdout after the first piece, as `| head` does. */
  readonly closeEarly?: boolean;
}

/** The bundled command line, in a folder of its own. */
export interface CommandLine {
  run(args: readonly string[], options?: CliOptions): Promise<CliRun>;
  /** A path for a file of the test. */
  at(name: string): string;
  /** What the runs so far have left in their working folder and in the folder for temporary files. */
  leftovers(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const cli = join(checkout, "out", "cli.js");
/** A first run compiles kernels for half a minute on a software device. */
const longest = 180_000;

/** Builds the command line, so that what is tested is never stale. The device is FORETYPE_DEVICE, or else lavapipe. */
export async function buildCommandLine(): Promise<CommandLine> {
  await build();
  const folder = await temporaryFolder();
  const [here, temporary, files] = ["here", "temporary", "files"].map(folder.at) as [string, string, string];
  for (const path of [here, temporary, files]) await mkdir(path);
  const base = {
    FORETYPE_DEVICE: process.env.FORETYPE_DEVICE ?? "lavapipe",
    TMPDIR: temporary,
    TMP: temporary,
    TEMP: temporary,
  };
  return {
    run: (args, { env = {}, closeEarly = false } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [cli, ...args], {
          cwd: here,
          env: childEnvironment({ ...base, ...env }),
        });
        const late = setTimeout(() => child.kill("SIGKILL"), longest);
        let stdout = "";
        let stderr = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          stdout += text;
          if (closeEarly) child.stdout.destroy();
        });
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          stderr += text;
        });
        child.stdin.end();
        child.on("error", reject);
        child.on("close", (status, signal) => {
          clearTimeout(late);
          if (signal) reject(new Error(`foretype ${args.join(" ")} ended by ${signal}: ${stderr}`));
          else resolve({ status, stdout, stderr: withoutDriverWarnings(stderr) });
        });
      }),
    at: (name) => join(files, name),
    leftovers: async () => (await Promise.all([here, temporary].map((path) => readdir(path)))).flat(),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

/**
 * Dawn writes warnings from native code, and there is no way to ask it not to: a line that begins with "Warning: ", and
 * after some of them lines on what it was doing, a trace of its own C++ files and an empty line.
 */
function withoutDriverWarnings(stderr: string): string {
  return stderr.replace(/^Warning: .*\n(?:(?: - While .*\n)*(?: {4}at .*\.cpp:\d+\)\n)+\n)?/gm, "");
}

/** A copy of a GGUF file with every `from` replaced by a text of the same length. */
export function renamed(file: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error(`${from} and ${to} differ in length`);
  if (!file.includes(from)) throw new Error(`the file has no ${from}`);
  return Buffer.from(file.toString("latin1").replaceAll(from, to), "latin1");
}

/** A copy with another ggml type or other dims in a tensor's line of the directory, where dims keep their number. */
export function withTensor(
  file: Buffer,
  name: string,
  { type, dims }: { type?: number; dims?: number[] },
): Buffer {
  const copy = Buffer.from(file);
  const at = copy.indexOf(name) + name.length;
  const count = copy.readUInt32LE(at);
  if (type !== undefined) copy.writeUInt32LE(type, at + 4 + 8 * count);
  for (const [i, dim] of (dims ?? []).entries()) copy.writeBigUInt64LE(BigInt(dim), at + 4 + 8 * i);
  return copy;
}

/** A copy with another value of a metadata key, which is a u32. */
export function withNumber(file: Buffer, key: string, value: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(value, copy.indexOf(key) + key.length + 4); // 4: the value's type
  return copy;
}
