// Before a debugger starts the extension host on this checkout: builds, and puts the official Node of the package into
// node/, where the extension looks for the one that runs the engine (engine/client/host_command.ts).
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fetchNode } from "./package/node.mjs";
import { build, targetFor, thisPlatform } from "./package/package.mjs";
import { printError, ROOT, runSteps } from "./steps.mjs";

const NODE = join(ROOT, "node");

/** @param {import("./steps.mjs").Note} note */
async function placeNode(note) {
  const from = await fetchNode(targetFor(thisPlatform), note);
  rmSync(NODE, { recursive: true, force: true });
  cpSync(from, NODE, { recursive: true });
}

try {
  await runSteps([
    { title: "build", run: build },
    { title: "Node for the engine, in node/", run: placeNode },
  ]);
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
