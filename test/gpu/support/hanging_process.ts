// The engine's process on a GPU that stops answering after the first text, in the first of the processes that share
// HANG_ONCE (a path of the test), or in each where it is unset.
import { existsSync, writeFileSync } from "node:fs";
import type { FromEngine } from "../../../engine/contract/index.ts";
import { openGpu } from "../../../engine/gpu/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { endWithParent } from "../../../engine/server/parent.ts";
import { withProperties } from "./test_bed.ts";

const once = process.env.HANG_ONCE;
let state: "well" | "about to hang" | "hangs" = "well";

// Ends when the buffer's first word is 77, which it never is; the compiler cannot know.
const endless = `
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@compute @workgroup_size(1) fn main() {
  var x = 1u;
  loop {
    if (words[0] == 77u) { break; }
    x = x * 1664525u + 1013904223u;
    words[1] = x;
  }
}`;

const engine = createEngine({
  send(message: FromEngine) {
    if (message.kind === "event" && message.event.kind === "text" && state === "well") {
      if (!once || !existsSync(once)) state = "about to hang";
      if (once) writeFileSync(once, "");
    }
    process.send!(message);
  },
  async open(choice) {
    const gpu = await openGpu(choice);
    const kernel = await gpu.kernel({ name: "endless", parts: [endless], constants: {} });
    const words = gpu.buffer("words", 16, "activations");
    const submit = (commands: GPUCommandBuffer) => {
      if (state === "about to hang") {
        state = "hangs";
        const encoder = gpu.device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(kernel.pipeline);
        pass.setBindGroup(0, gpu.bind(kernel, { words }));
        pass.dispatchWorkgroups(1);
        pass.end();
        console.log("the GPU hangs from here on"); // before lavapipe may block the process
        gpu.submit(encoder.finish());
      }
      gpu.submit(commands);
    };
    return withProperties(gpu, { submit });
  },
});
endWithParent();
process.on("message", (message) => engine.receive(message));
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.send!({ kind: "hello" });
