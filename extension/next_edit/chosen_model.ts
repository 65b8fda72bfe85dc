import { createModelSource, type EditSource, formatOfModel } from "../../engine/complete/index.ts";
import { type EditModel, systemClock } from "../../engine/contract/index.ts";
import type { Settings } from "../settings/index.ts";

export interface ChosenModelOptions {
  readonly settings: {
    readonly current: Pick<Settings, "nextEdit" | "nextEditModel"> & {
      readonly pipeline: Pick<Settings["pipeline"], "eagerness">;
    };
  };
  /** Of the settings, at each question. */
  readonly model: EditModel;
  /** Says what is wrong with the model, once: a missing file, too little memory. */
  readonly report: (error: unknown) => void;
}

/** The model that the user has chosen for next edits, in the format that its file's name tells. It is not asked unless it is on. */
export function chosenModelSource({ settings, model, report }: ChosenModelOptions): EditSource {
  // What a source remembers, a window and answers without a format, is of one model.
  let made: { readonly path: string; readonly source: EditSource; isReported: boolean } | undefined;
  return async (question, signal) => {
    const { nextEdit, nextEditModel } = settings.current;
    if (nextEdit !== "model") return undefined;
    const { path } = nextEditModel;
    if (made?.path !== path)
      made = {
        path,
        source: createModelSource({
          model,
          format: formatOfModel(path),
          clock: systemClock,
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
