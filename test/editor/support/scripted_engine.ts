// An engine process that answers by a script, in the place of the installed one: what a model writes, and why it ends, is
// the test's. It speaks the protocol of engine/contract/protocol.ts.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EndReason } from "../../../engine/contract/index.ts";
import { standIn } from "./stand_in.ts";

export interface ScriptedAnswer {
  /** Written in pieces. */
  readonly text: string;
  readonly end?: EndReason;
  /** The second half comes once `release()` is called. */
  readonly held?: boolean;
  /** How much of the model is loaded; the rest, and the text, come once `release()` is called. */
  readonly loaded?: number;
}

/** A sum over the last characters of a line up to the cursor: a marked completion says by it where it belongs. */
export function headSum(head: string): string {
  let sum = 7;
  for (const character of head.trimStart().slice(-12)) sum = (sum * 31 + character.charCodeAt(0)) % 46656;
  return sum.toString(36).padStart(3, "0");
}

// Each chat takes the script as it is then. Completions get no text, or a marked one: see `markCompletions`.
const SCRIPTED = `import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
const folder = process.env.SCRIPTED_ENGINE;
const cancelled = new Set();
${headSum};
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const description = (path) => ({
  path, name: "Scripted", architecture: "qwen35", parameters: 1, fileBytes: 1, contextLength: 4096,
  completes: true, chats: true, mtpLayers: 0, neededBytes: 1,
});
async function chat(id, send) {
  const { text, end = "end", held = false, loaded } = JSON.parse(readFileSync(join(folder, "answer.json"), "utf8"));
  if (loaded !== undefined) {
    const loading = { kind: "loading", path: "scripted.gguf", step: "weights" };
    process.send({ ...loading, fraction: loaded });
    while (!existsSync(join(folder, "go")) && !cancelled.has(id)) await pause();
    process.send({ ...loading, fraction: null });
  }
  const half = Math.floor(text.length / 2);
  for (let at = 0; at < text.length; at += 8) {
    while (held && at >= half && !existsSync(join(folder, "go")) && !cancelled.has(id)) await pause();
    if (cancelled.has(id)) return send({ kind: "done", reason: "cancelled" });
    send({ kind: "text", text: text.slice(at, at + 8), logProbability: 0 });
    await pause();
  }
  send({ kind: "done", reason: end });
}
async function edit(id, { prompt }, send) {
  const file = join(folder, "edit.json");
  const { asked, text } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { asked: "", text: "" };
  const isIts = prompt.map((piece) => piece.token ?? piece).join("").includes(asked);
  for (let at = 0; isIts && at < text.length; at += 8) {
    if (cancelled.has(id)) return send({ kind: "done", reason: "cancelled" });
    send({ kind: "text", text: text.slice(at, at + 8), logProbability: 0 });
    await pause();
  }
  send({ kind: "done", reason: "end" });
}
let marks = process.pid * 10_000; // no number comes twice, also after a restart
async function complete(id, { prompt }, send) {
  if (existsSync(join(folder, "marked"))) {
    const head = (prompt.prefix + prompt.middle).split("\\n").at(-1);
    const mark = "gh0st" + ++marks + "x" + headSum(head) + "z";
    await new Promise((resolve) => setTimeout(resolve, (marks * 37) % 150));
    const pieces = marks % 3 === 0 ? [mark, "(a, ", mark, ");\\n", mark + "(b);\\n"] : [mark, "(a, b);"];
    for (const text of pieces) {
      if (cancelled.has(id)) return send({ kind: "done", reason: "cancelled" });
      send({ kind: "text", text, logProbability: -0.01 });
      await pause();
    }
  }
  send({ kind: "done", reason: "end" });
}
process.on("message", ({ kind, id, request }) => {
  const send = (event) => process.send({ kind: "event", id, event });
  if (kind === "cancel") cancelled.add(id);
  else if (kind === "ping") process.send({ kind: "pulse", pulse: { waiting: false, returned: 0, patienceMs: 1e6 } });
  else if (kind !== "request") return;
  else if (request.kind === "describe") send({ kind: "described", description: description(request.model.path) });
  else if (request.kind === "prepare") send({ kind: "prepared", computedTokens: 0, whole: true });
  else if (request.kind === "status")
    send({ kind: "status", status: {
      device: null, deviceIsSoftware: false, gpuBytes: 0, memoryLimit: null, processBytes: 0, models: [],
    } });
  else if (request.kind === "chat") void chat(id, send);
  else if (request.kind === "complete") void complete(id, request, send);
  else if (request.kind === "edit") void edit(id, request, send);
  else send({ kind: "done", reason: "end" });
});
process.on("disconnect", () => process.exit(0));
process.send({ kind: "hello" });
`;

/** To be called before the window opens. `env` belongs into its environment. */
export function scriptEngine() {
  const folder = mkdtempSync(join(tmpdir(), "foretype-script-"));
  standIn("process.js", "SCRIPTED_ENGINE", SCRIPTED);
  const go = join(folder, "go");
  return {
    env: { SCRIPTED_ENGINE: folder },
    /** What the next questions of explain and refactor are answered. */
    answer(script: ScriptedAnswer): void {
      rmSync(go, { force: true });
      writeFileSync(join(folder, "answer.json"), JSON.stringify(script));
    },
    /** What the model of next edits answers to prompts that have `asked` in them; to others, nothing. */
    answerEdit: (script: { readonly asked: string; readonly text: string }): void =>
      writeFileSync(join(folder, "edit.json"), JSON.stringify(script)),
    /** Lets a held answer come to its end. */
    release: () => writeFileSync(go, ""),
    /**
     * From now on each completion has an identifier of its own, `gh0st<number>x<headSum of its line>z`, which nobody types.
     */
    markCompletions: () => writeFileSync(join(folder, "marked"), ""),
    dispose: () => rmSync(folder, { recursive: true }),
  };
}
