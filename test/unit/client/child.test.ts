import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { forkEngine } from "../../../engine/client/child.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { temporaryFolder } from "../../gpu/support/models.ts";

/** A process that runs `code`: what it says, until it ends. */
async function run(code: string, whileItRuns: () => void = () => {}): Promise<unknown[]> {
  await using folder = await temporaryFolder();
  const script = folder.at("child.mjs");
  await writeFile(script, code);
  const child = forkEngine({ execPath: process.execPath, script, env: childEnvironment() });
  const said: unknown[] = [];
  child.onMessage((message) => {
    said.push(message);
    whileItRuns();
  });
  await new Promise<void>((resolve) => child.onExit(() => resolve()));
  return said;
}

// Node throws in the host for a line that is no JSON (SECURITY.md): so nobody but the process itself may write, and a
// line that it did not write to its end is none.
test("a process that is killed in the middle of a message leaves half a line, which is no message and no error", async () => {
  const said = await run(
    `process.send({ small: 1 });
     process.send({ large: "x".repeat(5e6) });
     setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`,
    () => {
      for (const end = Date.now() + 300; Date.now() < end; ); // the pipe is full meanwhile
    },
  );
  expect(said).toEqual([{ small: 1 }]); // an exception that nobody catches fails the run
});

test.skipIf(process.platform !== "linux")("what the process starts has no way to its channel", async () => {
  const [{ own, theirs }] = (await run(
    `import { execFileSync } from "node:child_process";
     import { readdirSync, readlinkSync } from "node:fs";
     const list = \`const { readdirSync, readlinkSync } = require("node:fs");
       const links = readdirSync("/proc/self/fd").flatMap((fd) => {
         try { return [readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
       });
       console.log(JSON.stringify([...links, "NODE_CHANNEL_FD" in process.env]));\`;
     const theirs = JSON.parse(execFileSync(process.execPath, ["-e", list]).toString());
     process.send({ own: readlinkSync("/proc/self/fd/3"), theirs }, () => process.exit(0));`,
  )) as [{ own: string; theirs: (string | boolean)[] }];
  expect(own).toMatch(/^socket:/);
  expect(theirs).not.toContain(own);
  expect(theirs.at(-1)).toBe(false);
});
