import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * llama.cpp by its npm package node-llama-cpp, on the CPU and with one thread; the process has to end by `process.exit`,
 * since its threads may outlive their models.
 * @param folder of the package, which the project does not install
 */
export async function openPeer(folder: string) {
  const { getLlama } = await import(pathToFileURL(join(resolve(folder), "dist", "index.js")).href);
  return getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: 1,
    logLevel: "disabled",
  });
}
