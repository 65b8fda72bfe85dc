import type { RemoteFiles } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import { type HubFile, type HubOptions, hubAccess } from "./hub.ts";
import type { PullPlan } from "./plan.ts";
import { remoteFiles, WithoutRanges } from "./remote_files.ts";

/**
 * Opens the model at `path` of `remote` as loading does, as far as it goes without weights.
 * @throws UserError for a model that loading would refuse
 */
export type Inspect<T = unknown> = (path: string, remote: RemoteFiles) => Promise<T>;

export interface CheckedPlan<T> {
  /** Without files that the model does not use. */
  readonly plan: PullPlan;
  /** What `inspect` returned; undefined where it could not be done. */
  readonly found: T | undefined;
  /** Why it could not be done; a note says so, too. */
  readonly unchecked?: UserError;
  /** What the user may want to know, whole sentences. */
  readonly notes: readonly string[];
}

export interface CheckOptions extends HubOptions {
  /** Waits before each new try, ms. */
  readonly retryMs?: readonly number[] | undefined;
}

/**
 * Checks a model before it is downloaded: reads the headers of its files from the Hub, some megabytes, and lets `inspect`
 * judge them. An MTP file that the model cannot use, or does not, is left out.
 * @throws UserError that refuses the model, or says why its headers cannot be had; the signal's reason when cancelled
 */
export async function checkPlan<T>(
  plan: PullPlan,
  inspect: Inspect<T>,
  options: CheckOptions = {},
): Promise<CheckedPlan<T>> {
  const access = hubAccess(options);
  const { wish, model } = plan;
  const nameOf = ({ path }: Pick<HubFile, "path">): string => `${wish.repository}/${path}`;
  const all = [...model.parts, ...model.companions].map(({ path, bytes }) => ({ wish, path, bytes }));
  const remote = remoteFiles(all, nameOf, access, options);
  const look = (files: readonly HubFile[]) => {
    const names = files.map(nameOf);
    const among = remote.files.filter(({ path }) => names.includes(path));
    return inspect(names[0]!, { ...remote, files: among });
  };
  try {
    const found = await look([...model.parts, ...model.companions]);
    const unread = model.companions.filter((file) => !remote.opened.has(nameOf(file)));
    const notes = unread.map(({ path }) => `${path} is left out: this model does not use it.`);
    return { plan: without(plan, unread), found, notes };
  } catch (error) {
    if (isUnchecked(error)) {
      const note = `${model.name} is checked only when it is loaded: ${error.fault.problem}.`;
      return { plan, found: undefined, unchecked: error, notes: [note] };
    }
    if (!isRefusal(error)) throw error;
    if (model.companions.length === 0) throw asRemote(error);
    const found = await look(model.parts).catch((own: unknown) => {
      throw isRefusal(own) ? asRemote(own) : own;
    });
    const notes = model.companions.map(({ path }) => `${path} is left out: ${error.fault.problem}.`);
    return { plan: without(plan, model.companions), found, notes };
  }
}

function without({ wish, model }: PullPlan, files: readonly HubFile[]): PullPlan {
  const companions = model.companions.filter((file) => !files.includes(file));
  const bytes = [...model.parts, ...companions].reduce((sum, file) => sum + file.bytes, 0);
  return { wish, model: { ...model, companions, bytes } };
}

/** Whether a file is at fault. */
const isRefusal = (error: unknown): error is UserError =>
  error instanceof UserError && /^(model|file)-/.test(error.fault.code);

/** Whether nothing was found out about the file, and its download may well go through. */
const isUnchecked = (error: unknown): error is UserError =>
  error instanceof WithoutRanges ||
  (error instanceof UserError && ["runtime", "engine-stopped", "device-failed"].includes(error.fault.code));

/** A refusal of a file that is not here: there is nothing to download again, and no path. */
function asRemote({ fault }: UserError): UserError {
  const { path: _, ...rest } = fault;
  const broken = fault.code === "file-damaged" || fault.code === "file-incomplete";
  return new UserError({ ...rest, ...(broken && { advice: "choose another file or another model" }) });
}
