import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { syntaxFromFiles } from "../../../engine/cli/commands/grammars.ts";
import { completeScripted, languageIdOf } from "../../../engine/complete/index.ts";
import { testSeed } from "../../reference/seed.ts";
import type { CaseKind, GoldenCase } from "./cases/cases.ts";

// Golden cases, one file a kind, through the code of `foretype complete --answer`.

const folder = join(import.meta.dirname, "cases");
const kinds: CaseKind[] = await Promise.all(
  readdirSync(folder)
    .filter((name) => name !== "cases.ts")
    .sort()
    .map(async (name) => ((await import(join(folder, name))) as { default: CaseKind }).default),
);

const failures: string[] = [];
const syntax = syntaxFromFiles((message) => failures.push(message));

for (const { claim, cases } of kinds) {
  describe(claim, () => {
    for (const one of cases) {
      const { file, at, answer } = one;
      test(`${file}: ${JSON.stringify(at)} ← ${JSON.stringify(answer)}`, () => check(one));
    }
  });
}

test("no grammar has failed to load", () => {
  expect(failures).toEqual([]);
});

async function check({ file, at, answer, shown, silence, document, invoked, ...more }: GoldenCase) {
  const cursor = at.indexOf("█");
  expect(cursor, "the case has no █").not.toBe(-1);
  const text = at.replace("█", "");
  const languageId = more.languageId ?? languageIdOf(file, text);
  await syntax.ready(languageId);
  const seed = testSeed();
  const outcome = await completeScripted({
    ...more,
    path: file,
    languageId,
    text,
    cursor,
    answer,
    seed,
    syntax,
    ...(invoked && { trigger: "invoked" }),
  });
  const why = `seed ${seed}: ${JSON.stringify(outcome.stages)}`;
  expect(outcome.shown, why).toBe(shown);
  if (silence !== undefined) expect(outcome.silence?.id, why).toBe(silence);
  const accepted = document ?? text.slice(0, cursor) + (shown ?? "") + text.slice(cursor);
  expect(outcome.document, why).toBe(accepted);
}
