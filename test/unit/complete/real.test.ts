import { expect, test } from "vitest";
import { syntaxFromFiles } from "../../../engine/cli/commands/grammars.ts";
import { completeScripted } from "../../../engine/complete/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { anyFile, positionIn, type RealPlace, realFiles, realPlace, verdictOn } from "../support/corpus.ts";

// What people have really written next must pass the pipeline as it is: 2,000 places in 17 languages, where an editor asks;
// `npm run torture` takes 5,000.

const PLACES = process.env.FORETYPE_TORTURE === undefined ? 2000 : 5000;
const LANGUAGES = 17;
const DROPPED = PLACES * 0.002; // places, most of them exact copies of a neighbour
const CHANGED = PLACES * 0.002;

test(`of ${PLACES} real continuations at most 0.2 % are dropped, and at most 0.2 % are changed`, {
  timeout: 300_000,
}, async () => {
  const files = [...realFiles().values()];
  expect(files.length).toBe(LANGUAGES);
  const failures: string[] = [];
  const syntax = syntaxFromFiles((message) => failures.push(message));
  for (const languageId of realFiles().keys()) await syntax.ready(languageId);
  expect(failures).toEqual([]);

  const random = seededRandom(testSeed(20_261_121));
  const found = { dropped: [] as string[], changed: [] as string[] };
  for (let asked = 0, turn = 0; asked < PLACES; turn++) {
    const inLanguage = files[turn % files.length]!;
    const file = anyFile(inLanguage, random);
    const place = realPlace(file, random, syntax);
    if (!place) continue;
    const runsOn = random() < 0.5;
    const { typed, rest, truth, after } = place;
    const outcome = await completeScripted({
      path: file.path.replace("node_modules", "packages"), // nothing there is excluded
      languageId: file.languageId,
      text: typed + rest,
      cursor: typed.length,
      // A model stops where it sees what follows, or it does not.
      answer: runsOn ? after : truth,
      seed: turn,
      settings: { languages: { "*": true } },
      syntax,
    });
    // Where nothing is asked, in the middle of a line for example, nothing is wrong.
    if (outcome.stages[0]?.verdict !== "continue") continue;
    asked++;
    const verdict = verdictOn(place, outcome);
    if (verdict !== "same") found[verdict].push(described(place, outcome));
  }
  expect(found.dropped.length, found.dropped.join("\n")).toBeLessThanOrEqual(DROPPED);
  expect(found.changed.length, found.changed.join("\n")).toBeLessThanOrEqual(CHANGED);
});

/** The place, what the author wrote there, what is shown, and what changed it. */
function described(
  { file, kind, offset, truth }: RealPlace,
  { shown, silence, stages }: Awaited<ReturnType<typeof completeScripted>>,
): string {
  const filters = stages.filter(({ verdict }) => typeof verdict !== "string").map(({ stage }) => stage);
  const why = [...filters, silence?.id ?? ""].join(" ");
  const texts = [truth, shown].map((text) => JSON.stringify(text?.slice(0, 100) ?? null));
  return `${file.path}:${positionIn(file.text, offset)} (${kind}): ${texts.join(" → ")} by ${why}`;
}
