// A host that starts the engine, has it work without end, and is killed, or leaves at once: what an editor's host does.
// Arguments: the engine's script, the device, and `work` or `leave`.
import { forkEngine } from "../../engine/client/child.ts";
import { createEngineClient } from "../../engine/client/client.ts";
import { childEnvironment } from "../../scripts/environment.mjs";
import { complete, settingsOf, source } from "./processes.ts";

const [script = "", device = "", how] = process.argv.slice(2);
const client = createEngineClient({
  command: () => ({ execPath: process.execPath, script, env: childEnvironment() }),
  settings: settingsOf(device),
  onState: () => {},
  onLog: (_, text) => {
    if (text.includes("hangs from here on")) process.send!({ hangs: true });
  },
  start(command) {
    const child = forkEngine(command);
    process.send!({ pid: child.pid });
    return child;
  },
});
// The window closes: the host is not there for long after it was told.
process.on("message", () => {
  client.dispose();
  process.exit(0);
});
for (let n = 0; how === "work"; n++) {
  const prefix = `export const n = ${n};\n`.repeat(8);
  await complete(client, { path: "a.ts", prefix, middle: source, suffix: "\n", context: [] });
  if (n === 0) process.send!({ works: true });
}
