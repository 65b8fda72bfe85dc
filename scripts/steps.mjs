// Steps of set-up and test runs: what is printed, how children run, and how a step stops the run.
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A failure that the user can act on: its message is one sentence and is printed alone. */
export class Stop extends Error {}

const HEARTBEAT_MS = 10_000;
const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Runs `{ title, run }` one after the other; `run(note)` may print progress with `note` and may
 * return a remark that follows the duration. The first step that throws ends the run.
 */
export async function runSteps(steps) {
  for (const [index, { title, run }] of steps.entries()) {
    const startMs = Date.now();
    let lineOpen = true;
    process.stdout.write(`[${index + 1}/${steps.length}] ${title} …`);
    const note = (text) => {
      process.stdout.write(`${lineOpen ? "\n" : ""}${text ? `      ${text}\n` : ""}`);
      lineOpen = false;
    };
    try {
      const remark = await run(note);
      process.stdout.write(
        `${lineOpen ? " " : "      "}done in ${seconds(startMs)}${remark ? ` (${remark})` : ""}\n`,
      );
    } catch (error) {
      process.stdout.write(`${lineOpen ? " " : "      "}failed after ${seconds(startMs)}\n`);
      throw error;
    }
  }
}

/** What children inherit: Mesa complains on every start where Linux has no usable runtime folder. */
export function childEnvironment(extra = {}) {
  const env = { ...process.env, ...extra };
  if (process.platform === "linux" && !process.env.XDG_RUNTIME_DIR?.startsWith("/")) {
    env.XDG_RUNTIME_DIR = tmpdir();
  }
  return env;
}

/**
 * Runs a program in the checkout and keeps what it prints; never rejects.
 * `status` is 127 when the program is missing and 124 when it ran past `timeoutMs`.
 * `progress(text so far)` is asked every ten seconds for a line to show.
 */
export function capture(program, args, { env = {}, cwd = ROOT, shell = false, timeoutMs, progress } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, shell, env: childEnvironment(env), timeout: timeoutMs });
    const startMs = Date.now();
    let stdout = "";
    let text = "";
    const take = (chunk) => {
      text += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.stdin.end();
    const beat = progress && setInterval(() => progress(text, seconds(startMs)), HEARTBEAT_MS);
    const end = (status) => {
      clearInterval(beat);
      resolve({ status, stdout, text });
    };
    child.on("error", (error) => {
      text += error.message;
      end(error.code === "ENOENT" ? 127 : 1);
    });
    child.on("close", (code, signal) => end(code ?? (signal === "SIGTERM" && timeoutMs ? 124 : 1)));
  });
}

/** Runs a program that prints to the user's own terminal; returns its exit status. */
export function show(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: "inherit", env: childEnvironment(env) });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** npm that started us, else npm on PATH; Windows runs its script only through a shell. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) return capture(process.execPath, [cli, ...args], options);
  return capture("npm", args, { ...options, shell: process.platform === "win32" });
}

const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|Could not resolve|Temporary failure|Could not connect|Unable to connect|Connection (timed out|failed)|Network is unreachable|Failed to fetch/;
const NO_SPACE = /ENOSPC|No space left|enough free space/;

/** The sentence for a child that failed while it fetched or unpacked something. */
export function stopFor(tool, text) {
  if (NO_SPACE.test(text)) {
    return new Stop(`The disk is full: free 1 GB for ${ROOT}, then run the command again.`);
  }
  const cause = NO_NETWORK.exec(text)?.[0];
  if (cause) {
    return new Stop(
      `${tool} got no answer from the network (${cause}): connect, then run the command again; it continues here.`,
    );
  }
  const lines = text.trim().split("\n");
  const last = lines.filter((line) => /^(npm error|npm ERR!|E:|Err:|error)/.test(line)).slice(0, 3);
  return new Stop(`${tool} failed: ${(last.length ? last : lines.slice(-3)).join(" ")}`);
}
