// The engine's process, which also says what memory it holds. It takes its device for a GPU: so it drafts, as it does for users, also
// where a software device is all there is.
import { admitFromEngine, createOutbox, type FromEngine } from "../../../engine/contract/index.ts";
import { createKernelChoices, type Gpu, openGpu } from "../../../engine/gpu/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { endWithParent } from "../../../engine/server/parent.ts";
import { withProperties } from "../../gpu/support/test_bed.ts";
import { type MemoryAnswer, memoryOf, memoryQuestion } from "./memory.ts";

let gpu: Gpu | undefined;
const { send } = createOutbox<FromEngine>((message, taken) => {
  if (process.connected) process.send!(message, undefined, undefined, taken);
}, admitFromEngine);
const engine = createEngine({
  send,
  async open(choice) {
    gpu = withProperties(await openGpu(choice), { software: false });
    return gpu;
  },
  // What is learned of such a GPU is nothing to remember.
  kernelChoices: createKernelChoices({ version: "", env: { FORETYPE_CHOICES: "off" } }),
  lostDevices: { isLost: () => false, begin() {}, end() {} },
});
endWithParent();
process.on("message", (message) => {
  if ((message as { kind?: unknown }).kind !== memoryQuestion.kind) return engine.receive(message);
  const answer: MemoryAnswer = { kind: "memory", memory: { ...memoryOf(), gpu: gpu?.bytesHeld() ?? {} } };
  process.send!(answer, undefined, undefined, () => {});
});
process.on("disconnect", () => process.exit(0));
send({ kind: "hello" });
