import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { bundleProgram } from "../../gpu/support/bundle.ts";
import { temporaryFolder } from "../../gpu/support/models.ts";
import { isThere, until } from "../../torture/processes.ts";

test("a process whose own thread never comes back ends with its parent", async () => {
  await using folder = await temporaryFolder();
  await bundleProgram("engine/server/parent.ts", folder.at("parent.mjs"));
  await writeFile(
    folder.at("blocked.mjs"),
    `import { endWithParent } from "./parent.mjs";
     endWithParent();
     setTimeout(() => process.send("blocked", () => { for (;;); }), 300);`,
  );
  await writeFile(
    folder.at("host.mjs"),
    `import * as processes from "node:child_process";
     const child = processes.fork(${JSON.stringify(folder.at("blocked.mjs"))});
     child.on("message", () => process.send(child.pid));`,
  );
  const host = fork(folder.at("host.mjs"), { env: childEnvironment() });
  const pid = await new Promise<number>((resolve) => host.once("message", (it) => resolve(it as number)));
  try {
    expect(isThere(pid)).toBe(true);
    host.kill("SIGKILL");
    await until(() => !isThere(pid), 10_000, "the blocked process outlives its parent");
  } finally {
    host.kill("SIGKILL");
    if (isThere(pid)) process.kill(pid, "SIGKILL");
  }
});
