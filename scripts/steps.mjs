// Steps of set-up and test runs: what is printed, how children run, and how a step stops the run.
import { spawn } from "node:child_process";
import { childEnvironment, ROOT } from "./environment.mjs";

export { ROOT };

/** @typedef {(text: string) => void} Note Prints a line of progress below the step's title. */
/** @typedef {string | undefined | void} Remark Follows the step's duration. */
/**
 * @typedef {object} Part How long a step took.
 * @property {string} title
 * @property {number} ms
 * @property {boolean} [beside] It ran beside others, which its time counts as well.
 */
/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(note: Note) => Remark | Promise<Remark>} run
 * @property {readonly Part[]} [parts] What it is made of, once it has run.
 */
/**
 * @typedef {object} RunOptions
 * @property {import("./environment.mjs").Variables} [env] On top of what every child gets.
 * @property {string} [cwd]
 * @property {boolean} [shell]
 * @property {number | undefined} [timeoutMs]
 * @property {(text: string, elapsed: string) => void} [progress] Asked every ten seconds, with the text so far.
 */
/** @typedef {{ readonly status: number, readonly stdout: string, readonly text: string }} Captured Text: both streams. */

/** A failure that the user can act on: its message is one sentence and is printed alone. */
export class Stop extends Error {}

const HEARTBEAT_MS = 10_000;
/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * Runs steps one after the other, and adds to `parts` how long each took. The first that throws ends the run.
 * @param {readonly Step[]} steps
 * @param {Part[]} [parts]
 */
export async function runSteps(steps, parts = []) {
  for (const [index, { title, run, parts: inner = [] }] of steps.entries()) {
    const startMs = Date.now();
    let lineOpen = true;
    process.stdout.write(`[${index + 1}/${steps.length}] ${title} …`);
    /** @type {Note} */
    const note = (text) => {
      process.stdout.write(`${lineOpen ? "\n" : ""}${text ? `      ${text}\n` : ""}`);
      lineOpen = false;
    };
    /** @param {string} how */
    const end = (how) => {
      const ms = Date.now() - startMs;
      parts.push({ title, ms }, ...inner);
      process.stdout.write(`${lineOpen ? " " : "      "}${how} ${seconds(ms)}`);
    };
    try {
      const remark = await run(note);
      end("done in");
      process.stdout.write(`${remark ? ` (${remark})` : ""}\n`);
    } catch (error) {
      end("failed after");
      process.stdout.write("\n");
      throw error;
    }
  }
}

/**
 * One step of several that run at the same time and print nothing while they do. All end before the first failure counts.
 * @param {readonly Step[]} steps
 * @returns {Step}
 */
export function sideBySide(...steps) {
  /** @type {Part[]} */
  const parts = [];
  return {
    title: steps.map(({ title }) => title).join(", "),
    parts,
    run: async () => {
      const ended = await Promise.allSettled(steps.map((step) => timed(step, () => {}, parts)));
      const failed = ended.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      const remarks = ended.map((step) => (step.status === "fulfilled" ? step.value : undefined));
      return remarks.filter(Boolean).join("; ");
    },
  };
}

/**
 * A step that begins at one place of a list of steps and is waited for at another; what it says is printed there.
 * @param {Step} step
 * @returns {{ begin: Step, wait: Step }}
 */
export function startEarly(step) {
  /** @type {Part[]} */
  const parts = [];
  /** @type {string[]} */
  const said = [];
  /** @type {Promise<Remark> | undefined} */
  let running;
  const begin = () => {
    running = timed(step, (text) => void said.push(text), parts);
    running.catch(() => {}); // `wait` throws it, unless another step fails first
  };
  return {
    begin: { title: `${step.title}, fetched meanwhile`, run: begin },
    wait: {
      title: step.title,
      parts,
      run: (note) => (running ?? Promise.resolve()).finally(() => said.forEach((text) => void note(text))),
    },
  };
}

/**
 * @param {Step} step
 * @param {Note} note
 * @param {Part[]} parts
 */
async function timed({ title, run }, note, parts) {
  const startMs = Date.now();
  try {
    return await run(note);
  } finally {
    parts.push({ title, ms: Date.now() - startMs, beside: true });
  }
}

/**
 * Arguments of Node with which a program ends when the process that started it does.
 * @param {readonly string[]} [args]
 */
export const endsWithParent = (args = []) => [
  `--import=${new URL("ends_with_parent.mjs", import.meta.url).href}`,
  ...args,
];

/** What such a program is told in its environment: who starts it. */
export const startedFromHere = () => ({ ENDS_WITH_PARENT: String(process.pid) });

/** @param {string} program @param {readonly string[]} args */
const tied = (program, args) => (program === process.execPath ? endsWithParent(args) : args);

/**
 * Runs a program in the checkout and keeps what it prints; never rejects.
 * `status` is 127 when the program is missing and 124 when it ran past `timeoutMs`.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Captured>}
 */
export function capture(program, args, { env = {}, cwd = ROOT, shell = false, timeoutMs, progress } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, tied(program, args), {
      cwd,
      shell,
      env: childEnvironment({ ...startedFromHere(), ...env }),
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    });
    const startMs = Date.now();
    let stdout = "";
    let text = "";
    /** @param {string} chunk */
    const take = (chunk) => {
      text += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.stdin.end();
    const beat = progress && setInterval(() => progress(text, seconds(Date.now() - startMs)), HEARTBEAT_MS);
    /** @param {number} status */
    const end = (status) => {
      clearInterval(beat);
      resolve({ status, stdout, text });
    };
    child.on("error", (error) => {
      text += error.message;
      end("code" in error && error.code === "ENOENT" ? 127 : 1);
    });
    child.on("close", (code) => end(child.killed ? 124 : (code ?? 1)));
  });
}

/**
 * An error that the user can act on, arguments that cannot be read among them, as a sentence; any other with its stack.
 * @param {unknown} error
 */
export function printError(error) {
  const misused =
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  console.error(error instanceof Stop || misused ? error.message : error);
}

/**
 * Runs a program that prints to the user's own terminal; returns its exit status.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("./environment.mjs").Variables} [env]
 * @returns {Promise<number>}
 */
export function show(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, tied(program, args), {
      cwd: ROOT,
      stdio: "inherit",
      env: childEnvironment({ ...startedFromHere(), ...env }),
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * npm that started us, else npm on PATH; Windows runs its script only through a shell.
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) return capture(process.execPath, [cli, ...args], options);
  return capture("npm", args, { ...options, shell: process.platform === "win32" });
}

const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|Could not resolve|Temporary failure|Could not connect|Unable to connect|Connection (timed out|failed)|Network is unreachable|Failed to fetch/;
const NO_SPACE = /ENOSPC|No space left|enough free space/;

/**
 * The sentence for a child that failed while it fetched or unpacked something.
 * @param {string} tool
 * @param {string} text What the child said.
 */
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
