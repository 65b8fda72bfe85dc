// A long run that is ended leaves none of its processes, also where the signal reaches only the first of them.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { endsWithParent, ROOT } from "../../../scripts/steps.mjs";
import { temporaryFolder } from "../../gpu/support/models.ts";
import { isThere, until } from "../../torture/processes.ts";

const from = (path: string) => JSON.stringify(new URL(path, pathToFileURL(ROOT)).href);

/** Programs that start another one, `CHILD`, and wait for it. */
const parents = {
  "a program that prints": `import { show } from ${from("scripts/steps.mjs")};
    await show(process.execPath, [CHILD]);`,
  "a program whose words are kept": `import { capture } from ${from("scripts/steps.mjs")};
    await capture(process.execPath, [CHILD]);`,
  "a part of a long form": `import { runWatched } from ${from("test/torture/long_run.mjs")};
    await runWatched(CHILD, {}, { patienceMs: 1e9, onWord() {} });`,
};

/** Starts one of its own, tells both ids, and would never end. Its \`exit\` listeners are what ends an editor. */
const child = `import { fork } from "node:child_process";
  import { writeFileSync } from "node:fs";
  const file = (name) => new URL(name, import.meta.url);
  if (process.argv[2] === undefined) {
    const own = fork(import.meta.filename, ["own"]);
    process.on("exit", () => writeFileSync(file("left"), ""));
    writeFileSync(file("pids.new"), JSON.stringify([process.pid, own.pid]));
    (await import("node:fs")).renameSync(file("pids.new"), file("pids"));
  }
  setInterval(() => {}, 1000);`;

for (const [what, program] of Object.entries(parents))
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const)
    test(`${what}, and what it has started, end in order when what runs them is ended by ${signal} alone`, async () => {
      await using folder = await temporaryFolder();
      await writeFile(folder.at("child.mjs"), child);
      await writeFile(
        folder.at("run.mjs"),
        `const CHILD = ${JSON.stringify(folder.at("child.mjs"))};\n${program}`,
      );
      // In a group of its own, as a terminal's signal would reach all of ours.
      const run = spawn(process.execPath, [folder.at("run.mjs")], {
        detached: true,
        env: childEnvironment(),
      });
      const isReady = () => existsSync(folder.at("pids"));
      let pids: readonly number[] = [];
      try {
        await until(isReady, 20_000, "the program starts");
        pids = JSON.parse(readFileSync(folder.at("pids"), "utf8"));
        expect(pids.map(isThere)).toEqual([true, true]);
        run.kill(signal);
        await until(() => !pids.some(isThere), 10_000, "the program outlives what runs it");
        expect(existsSync(folder.at("left"))).toBe(true);
      } finally {
        for (const pid of [run.pid!, ...pids]) if (isThere(pid)) process.kill(pid, "SIGKILL");
      }
    });

test("so do the processes in which tests run", () => {
  expect(process.execArgv).toEqual(expect.arrayContaining(endsWithParent()));
});
