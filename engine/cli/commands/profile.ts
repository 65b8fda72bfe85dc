import { UserError } from "../../errors/index.ts";
import { Session } from "../../generate/index.ts";
import type { GgufFile } from "../../gguf/index.ts";
import { anyGpu, chosenDevice, type Gpu, openGpu, type Recording, recordingGpu } from "../../gpu/index.ts";
import { allocateModel, type Hyperparameters } from "../../model/index.ts";
import { contextFor } from "../../model_file/index.ts";
import { type ModelOptions, withFile } from "./open_model.ts";
import { type PlanReport, reportOf } from "./plan_report.ts";
import { printJson } from "./terminal.ts";

/** The name by which no device is asked: plans are recorded as for a GPU. */
const noDevice = "none";

export interface ProfileCommand extends Pick<ModelOptions, "device" | "context" | "kv"> {
  /** Rows of the passes to leave it at. Default: all. */
  readonly rows?: readonly number[];
}

/** What a model's session would run on a device. */
export interface CompileReport extends PlanReport {
  readonly model: string;
  readonly device: string;
  /** Whether a device's compiler has seen the kernels; else they were recorded only. */
  readonly compiled: boolean;
}

/**
 * `foretype profile MODEL --compile-only`: compiles every plan of a session, and says what they are made of. Reads no weights and
 * submits nothing, so a file's header is enough, and a device that never answers. Where none is there, plans are recorded only.
 * Exits with 1 where a kernel does not compile.
 */
export async function profile(name: string, options: ProfileCommand): Promise<void> {
  await withFile(name, async ({ file, h }) => {
    using device = await deviceFor(options.device);
    const recording = recordingFor(device);
    const context = contextFor(h, options.context);
    const settings = { context, kvType: options.kv ?? "f16", rows: options.rows } as const;
    const report = await recordSession(recording, file, h, settings);
    const { description } = recording.gpu;
    const whole: CompileReport = {
      model: name,
      device: description,
      compiled: device !== undefined,
      ...report,
    };
    printJson(whole);
    const broken = report.kernels.filter(({ error }) => error !== undefined);
    if (broken.length === 0) return;
    throw new UserError({
      code: "device-failed",
      problem: `${broken.length} of ${report.kernels.length} kernels do not compile on ${description}`,
      advice: "see `error` in the report",
    });
  });
}

/** Undefined: none was asked for, or none is there. @throws UserError where a device was named that did not answer */
async function deviceFor(asked: string | undefined): Promise<Gpu | undefined> {
  if (chosenDevice(asked) === noDevice) return undefined;
  try {
    return await openGpu({ device: asked });
  } catch (error) {
    const isThere =
      !(error instanceof UserError) || !["device-missing", "runtime"].includes(error.fault.code);
    if (isThere || chosenDevice(asked) !== "auto") throw error;
    console.error(`${error.message} Plans are recorded as for a GPU, and not compiled.`);
    return undefined;
  }
}

function recordingFor(device: Gpu | undefined): Recording {
  if (!device) return recordingGpu(anyGpu);
  const { description, software } = device;
  return recordingGpu({ description, software, limits: device.device.limits }, device.device);
}

/** Records all plans of a session with the drafts that the device would have. */
export async function recordSession(
  recording: Recording,
  file: GgufFile,
  h: Hyperparameters,
  settings: { context: number; kvType: "f16" | "f32"; rows?: readonly number[] | undefined },
): Promise<PlanReport> {
  const { context, kvType, rows } = settings;
  const { model } = allocateModel(recording.gpu, file, h);
  const session = new Session(recording.gpu, model, {
    context,
    kvType,
    rollback: "tape",
    drafts: { mode: "auto" },
  });
  return reportOf(recording, session, await session.plans(rows));
}
