import {
  createModelSource,
  type EditSource,
  formatOfModel,
  type ModelSourceOptions,
} from "../../engine/complete/index.ts";
import { type EditModel, systemClock } from "../../engine/contract/index.ts";
import type { Settings } from "../settings/index.ts";

export interface ChosenModelOptions {
  readonly settings: {
    readonly current: Pick<Settings, "nextEdit" | "nextEditModel"> & {
      readonly pipeline: Pick<Settings["pipeline"], "eagerness" | "exclude">;
      readonly context: Pick<Settings["context"], "openFiles">;
    };
  };
  /** Of the settings, at each question. */
  readonly model: EditModel;
  /** Pieces of other files for its prompts. */
  readonly filesFor: NonNullable<ModelSourceOptions["filesFor"]>;
  /** Says what is wrong with the model, once: a missing file, too little memory. */
  readonly report: (error: unknown) => void;
}

/** The model that the user has chosen for next edits, in the format that its file's name tells. It is not asked unless it is on. */
export function chosenModelSource({ settings, model, filesFor, report }: ChosenModelOptions): EditSource {
  // What a source remembers, a window, other files and answers without a format, is of one model, and of files that may be read.
  let made: { readonly key: string; readonly source: EditSource; isReported: boolean } | undefined;
  return async (question, signal) => {
    const { nextEdit, nextEditModel, pipeline, context } = settings.current;
    if (nextEdit !== "model") return undefined;
    const { path } = nextEditModel;
    const key = JSON.stringify([path, pipeline.exclude, context.openFiles]);
    if (made?.key !== key)
      made = {
        key,
        source: createModelSource({
          model,
          format: formatOfModel(path),
          clock: systemClock,
          filesFor,
          eagerness: () => settings.current.pipeline.eagerness,
        }),
        isReported: false,
      };
    const asked = made;
    try {
      const answer = await asked.source(question, signal);
      asked.isReported = false;
      return answer;
    } catch (error) {
      // Once, and not with each pause in typing.
      if (!signal.aborted && !asked.isReported) {
        asked.isReported = true;
        report(error);
      }
      return "failed";
    }
  };
}
