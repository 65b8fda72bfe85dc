// Child process: prints the adapter that Dawn offers as JSON. A driver that crashes takes down only this process.
import { writeSync } from "node:fs";
import { create } from "webgpu";

const adapter = await create([]).requestAdapter({ powerPreference: "high-performance" });
const { vendor, description, device, isFallbackAdapter } = adapter?.info ?? {};
writeSync(
  1,
  JSON.stringify(adapter && { vendor, description: description || device, software: isFallbackAdapter }),
);
process.exit(0);
