// The engine as a child process: messages of protocol.ts over Node's IPC. It ends when its parent does.
import { admitFromEngine, createOutbox, type FromEngine } from "../contract/index.ts";
import { createEngine } from "./index.ts";
import { endWithParent } from "./parent.ts";

const { send } = createOutbox<FromEngine>((message, taken) => {
  // A parent that is gone takes no message, and is noticed below.
  if (process.connected) process.send!(message, undefined, undefined, taken);
}, admitFromEngine);

if (!process.send) {
  console.error(
    "This is the engine's process: it is started by the extension; see `foretype --help` for the command line.",
  );
  process.exit(2);
}
endWithParent();
const engine = createEngine({ send });
process.on("message", (message) => engine.receive(message));
// No cleanup: destroying a device takes time, and the system frees everything.
function leave(): void {
  engine.leave();
  process.exit(0);
}
process.on("disconnect", leave);
process.on("SIGTERM", leave);
send({ kind: "hello" });
