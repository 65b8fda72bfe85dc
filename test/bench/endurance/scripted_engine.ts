// A process in the engine's place, without a GPU: it writes lines of the prompt again, in pieces. What the host holds is then
// measured over hours of typing in minutes.
import { type EngineRequest, type FromEngine, NO_COST } from "../../../engine/contract/index.ts";
import { endWithParent } from "../../../engine/server/parent.ts";
import { type MemoryAnswer, memoryOf, memoryQuestion } from "./memory.ts";

const cost = { ...NO_COST, promptTokens: 300, computedTokens: 1, tokens: 6 };
const pieceLength = 5; // characters
const send = (message: FromEngine | MemoryAnswer) =>
  void process.send!(message, undefined, undefined, () => {});

/** A line of the prefix that begins as the middle ends; else any. */
function continuation({ prefix, middle }: Extract<EngineRequest, { kind: "complete" }>["prompt"]): string {
  const head = middle.slice(middle.lastIndexOf("\n") + 1);
  const lines = prefix.split("\n").filter((line) => line.trim() !== "");
  const known = lines.find((line) => line.startsWith(head) && line.length > head.length);
  return `${known?.slice(head.length) ?? lines[middle.length % lines.length] ?? "x"}\n`;
}

function serve(id: number, request: EngineRequest): void {
  let nth = 0;
  const emit = (event: Extract<FromEngine, { kind: "event" }>["event"]) =>
    send({ kind: "event", id, nth: nth++, event });
  if (request.kind === "prepare") emit({ kind: "prepared", computedTokens: 100, whole: true });
  if (request.kind === "complete") {
    const text = continuation(request.prompt);
    for (let at = 0; at < text.length; at += pieceLength)
      emit({ kind: "text", text: text.slice(at, at + pieceLength), logProbability: -0.01, cost });
  }
  emit({ kind: "done", reason: "end", ...(request.kind === "complete" && { cost }) });
}

endWithParent();
process.on("message", (message: { kind: string; id: number; request: EngineRequest }) => {
  if (message.kind === memoryQuestion.kind) send({ kind: "memory", memory: { ...memoryOf(), gpu: {} } });
  if (message.kind === "ping")
    send({ kind: "pulse", pulse: { waiting: false, returned: 0, patienceMs: 1000 } });
  if (message.kind === "request") serve(message.id, message.request);
});
process.on("disconnect", () => process.exit(0));
send({ kind: "hello" });
