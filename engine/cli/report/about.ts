import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, release, totalmem, type } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { modelName, parameterCount } from "../../gguf/index.ts";
import { projectRoot } from "../../model_file/index.ts";
import { type OpenModel, quantMix } from "../commands/index.ts";
import type { About } from "./speed_report.ts";

/** The machine, the versions and the model that a report is made of. Names no folder of the machine. */
export async function aboutOf({
  gpu,
  file,
  h,
  session,
}: Pick<OpenModel, "gpu" | "file" | "h" | "session">): Promise<About> {
  const tensors = [...file.tensors.values()];
  const { sequence, context } = session.evaluator;
  return {
    device: gpu.description,
    driver: gpu.identity,
    software: gpu.software,
    deviceMemory: gpu.memory?.total ?? null,
    dawn: versionIn(packageFile("webgpu")),
    foretype: versionIn(join(projectRoot(), "package.json")) ?? "unknown",
    commit: await commitOf(projectRoot()),
    model: basename(file.path),
    modelName: modelName(file) ?? basename(file.path),
    architecture: h.architecture,
    parameters: parameterCount(tensors),
    fileBytes: file.size,
    quants: Object.fromEntries(quantMix(tensors).map(([name, , bytes]) => [name, bytes])),
    context,
    kvType: sequence.memory.kvType,
    system: `${type()} ${release()}, ${arch()}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    ramBytes: totalmem(),
    node: process.versions.node,
  };
}

/** The `package.json` of a package of this program; undefined where it has none. */
function packageFile(name: string): string | undefined {
  try {
    return join(dirname(createRequire(join(projectRoot(), "package.json")).resolve(name)), "package.json");
  } catch {
    return undefined;
  }
}

function versionIn(path: string | undefined): string | null {
  if (!path || !existsSync(path)) return null;
  return (JSON.parse(readFileSync(path, "utf8")) as { version?: string }).version ?? null;
}

const gitPatienceMs = 10_000; // a checkout on a slow disk

/** The commit of a checkout, with a mark where files differ from it; null in a package, or without git. */
async function commitOf(root: string): Promise<string | null> {
  if (!existsSync(join(root, ".git"))) return null;
  // Windows looks for programs in the current folder first: here, and not in whatever folder the user is in.
  const options = { cwd: root, windowsHide: true, timeout: gitPatienceMs };
  const git = async (...args: string[]) => (await promisify(execFile)("git", args, options)).stdout.trim();
  try {
    const commit = await git("rev-parse", "--short=12", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? commit : `${commit} with changes`;
  } catch {
    return null;
  }
}
