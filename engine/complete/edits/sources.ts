import type { NameReader, Pace } from "../text/index.ts";
import { elsewhereOf } from "./elsewhere.ts";
import type { EditHistory, FollowedDocument } from "./history.ts";
import type { Proposed, Refusals } from "./refusals.ts";
import { type RepeatPlace, repeatOf } from "./repeat.ts";
import type { SilenceId } from "./silences.ts";

/** Who proposes: the user's own last replacement, or a model. */
export type EditSourceId = "repeat" | "model";

/** What is proposed for [start, end) of a document, which has `old` there. */
export interface EditPlace extends Proposed {
  readonly uri: string;
  readonly source: EditSourceId;
  /** Where the cursor goes once it is taken, from `start`, within the lines of `fresh`; its end, where it is not given. */
  readonly cursor?: number;
}

/** What a source is asked: what follows from the last edit of the document with the focus. */
export interface EditQuestion {
  readonly uri: string;
  readonly cursor: number;
  readonly history: EditHistory;
  readonly refusals: Pick<Refusals, "has" | "isStopped">;
}

/**
 * Answers with places, in the order in which they are offered, or with the reason why there are none; undefined where the user has
 * turned it off.
 */
export type EditSource = (
  question: EditQuestion,
  signal: AbortSignal,
) => Promise<readonly EditPlace[] | SilenceId | undefined>;

/** The user's last replacement, where its old text still stands: here, and then in other open documents. No model is asked. */
export const repeatSource =
  (names?: NameReader, pace?: Pace): EditSource =>
  async ({ uri, cursor, history, refusals }, signal) => {
    const document = history.get(uri);
    if (!document) return "not-followed";
    const languageId = languageOf(document);
    const isRefused = (place: Proposed) => refusals.has(uri, place);
    const answer = await repeatOf({ document, languageId, names, cursor, isRefused }, signal, pace);
    if (!answer) return "waiting"; // aborted
    if (typeof answer !== "string") return placesIn(uri, answer.places);
    const documents = [uri, ...history.uris().filter((one) => one !== uri)].flatMap((one) => {
      const followed = history.get(one);
      return followed ? { ...followed, uri: one, languageId: languageOf(followed) } : [];
    });
    const found = await elsewhereOf({ documents, names, cursor, isRefused: refusals.has }, signal, pace);
    return found ? placesIn(found.uri, found.places) : answer;
  };

const languageOf = ({ file }: Pick<FollowedDocument, "file">): string => file.languageId ?? "plaintext";

const placesIn = (uri: string, places: readonly RepeatPlace[]): EditPlace[] =>
  places.map((place) => ({ ...place, uri, source: "repeat" }));
