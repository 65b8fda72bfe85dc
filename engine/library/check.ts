import type { RemoteFiles } from "../contract/index.ts";
import { isFileFault, UserError } from "../errors/index.ts";
import { type HubFile, type HubOptions, hubAccess } from "./hub.ts";
import type { PullPlan } from "./plan.ts";
import { remoteFiles, WithoutRanges } from "./remote_files.ts";

/** What a check must tell of the MTP files that came with a model: paths as in `RemoteFiles`. */
export interface Inspected {
  readonly mtpFiles: {
    readonly used?: string | undefined;
    readonly unusable: readonly { readonly path: string; readonly problem: string }[];
  };
}

/**
 * Opens the model at `path` of `remote` as loading does, as far as it goes without weights.
 * @throws UserError for a model that loading would refuse
 */
export type Inspect<T extends Inspected = Inspected> = (path: string, remote: RemoteFiles) => Promise<T>;

export interface CheckedPlan<T extends Inspected> {
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
export async function checkPlan<T extends Inspected>(
  plan: PullPlan,
  inspect: Inspect<T>,
  options: CheckOptions = {},
): Promise<CheckedPlan<T>> {
  const access = hubAccess(options);
  const { wish, model } = plan;
  const nameOf = ({ path }: Pick<HubFile, "path">): string => `${wish.repository}/${path}`;
  const drafters = [...model.companions, ...model.spare];
  const all = [...model.parts, ...drafters].map(({ path, bytes }) => ({ wish, path, bytes }));
  const remote = remoteFiles(all, nameOf, access, options);
  try {
    const found = await inspect(nameOf(model.parts[0]!), remote);
    const { used, unusable } = found.mtpFiles;
    const why = (file: HubFile): string =>
      unusable.find(({ path }) => path === nameOf(file))?.problem ?? "this model does not use it";
    const notes = model.companions
      .filter((file) => nameOf(file) !== used)
      .map((file) => `${file.path} is left out: ${why(file)}.`);
    return {
      plan: withDrafters(
        plan,
        drafters.filter((file) => nameOf(file) === used),
      ),
      found,
      notes,
    };
  } catch (error) {
    if (isUnchecked(error)) {
      const note = `${model.name} is checked only when it is loaded: ${error.fault.problem}.`;
      return { plan, found: undefined, unchecked: error, notes: [note] };
    }
    throw isFileFault(error) ? asRemote(error) : error;
  }
}

/** The plan with these files to draft with, and no others. */
function withDrafters({ wish, model }: PullPlan, companions: readonly HubFile[]): PullPlan {
  const bytes = [...model.parts, ...companions].reduce((sum, file) => sum + file.bytes, 0);
  return { wish, model: { ...model, companions, spare: [], bytes } };
}

/** Whether nothing was found out about the file, and its download may well go through. */
const isUnchecked = (error: unknown): error is UserError =>
  error instanceof WithoutRanges ||
  (error instanceof UserError &&
    ["runtime", "engine-stopped", "device-failed", "device-lost"].includes(error.fault.code));

/** A refusal of a file that is not here: there is nothing to download again, and no path. */
function asRemote({ fault }: UserError): UserError {
  const { path: _, ...rest } = fault;
  const broken = fault.code === "file-damaged" || fault.code === "file-incomplete";
  return new UserError({ ...rest, ...(broken && { advice: "choose another file or another model" }) });
}
