import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolder, writeWholeSync } from "../system/index.ts";

/** The quickest variant of a kernel on a device. */
interface Choice {
  readonly value: string;
  /** Milliseconds of each that was tried. */
  readonly ms: Readonly<Record<string, number>>;
  /** The quant types with which its results were compared with the rule's. */
  readonly types: readonly string[];
}

/** What was chosen on a device, by what it is of. */
export type Choices = Readonly<Record<string, Choice>>;

export interface KernelChoicesOptions {
  /** Of the kernels: what was measured with others does not hold for them. */
  readonly version: string;
  /** Default: `kernel_choices.json` in the user's data folder. */
  readonly path?: string | undefined;
  readonly log?: ((message: string) => void) | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Which variant of a kernel was measured to be the quickest, on disk, by the GPU, its driver's version and that of the kernels: another
 * one of them is measured again, and so is a file that cannot be read. FORETYPE_CHOICES=off leaves kernels to their rules.
 */
export function createKernelChoices({
  version,
  log = () => {},
  env = process.env,
  ...options
}: KernelChoicesOptions) {
  const path = options.path ?? join(dataFolder(), "kernel_choices.json");
  const off = env.FORETYPE_CHOICES === "off";

  function read(): Record<string, Choices> {
    try {
      return parse(readFileSync(path, "utf8"));
    } catch {
      return {}; // there is none yet, or it is damaged: what it had is measured again
    }
  }

  return {
    /** Whether nothing is to be chosen. */
    off,
    /** What is known of a device, by `Gpu.identity`. */
    of: (identity: string): Choices => (off ? {} : (read()[keyOf(identity, version)] ?? {})),
    /** Adds to what is known of a device. Trouble with the file is logged and harms nothing. */
    remember(identity: string, choices: Choices): void {
      const key = keyOf(identity, version);
      const all = read();
      const known = all[key] ?? {};
      const added = Object.entries(choices).map(([name, choice]) => [name, joinTypes(choice, known[name])]);
      try {
        const text = JSON.stringify({ ...all, [key]: { ...known, ...Object.fromEntries(added) } }, null, 2);
        writeWholeSync(path, text);
      } catch (error) {
        log(`${path} cannot be written: ${(error as Error).message}`);
      }
    },
  };
}

export type KernelChoices = ReturnType<typeof createKernelChoices>;

const keyOf = (identity: string, version: string): string => `${identity} | ${version}`;

/** Another model may have other types, and choose the same: then it holds for both. */
const joinTypes = (choice: Choice, before: Choice | undefined): Choice =>
  before?.value === choice.value
    ? { ...choice, types: [...new Set([...before.types, ...choice.types])] }
    : choice;

/** @throws Error for anything but what `remember` writes. */
function parse(text: string): Record<string, Choices> {
  const all = JSON.parse(text) as Record<string, Choices>;
  for (const choices of Object.values(all)) {
    for (const { value, ms, types } of Object.values(choices)) {
      const isOurs =
        Object.hasOwn(ms, value) &&
        Object.values(ms).every(Number.isFinite) &&
        types.every((type) => typeof type === "string");
      if (typeof value !== "string" || !isOurs) throw new Error("not ours");
    }
  }
  return all;
}
