// The engine's process, which also says what memory it holds.
import type { FromEngine } from "../../../engine/contract/index.ts";
import { type Gpu, openGpu } from "../../../engine/gpu/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { endWithParent } from "../../../engine/server/parent.ts";
import { type MemoryAnswer, memoryOf, memoryQuestion } from "./memory.ts";

let gpu: Gpu | undefined;
const send = (message: FromEngine | MemoryAnswer) =>
  void process.send!(message, undefined, undefined, () => {});
const engine = createEngine({
  send,
  async open(choice) {
    gpu = await openGpu(choice);
    return gpu;
  },
});
endWithParent();
process.on("message", (message) => {
  if ((message as { kind?: unknown }).kind !== memoryQuestion.kind) engine.receive(message);
  else send({ kind: "memory", memory: { ...memoryOf(), gpu: gpu?.bytesHeld() ?? {} } });
});
process.on("disconnect", () => process.exit(0));
send({ kind: "hello" });
