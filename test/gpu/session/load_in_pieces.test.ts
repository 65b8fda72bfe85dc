import { expect, test } from "vitest";
import type { EngineEvent, EngineRequest } from "../../../engine/contract/index.ts";
import { engineHere } from "../../torture/engine_here.ts";
import { eachDevice } from "../support/devices.ts";

/** The same file for ghost text and, with a context of its own, for edits: two models to the engine. */
const edit: EngineRequest = {
  kind: "edit",
  model: { path: "mini", context: 256 },
  prompt: ["export class Stack {\n  items: number[] = [];\n"],
  steady: [0],
  original: "export class Stack {\n",
  stops: [],
  maxTokens: 8,
};

const textOf = (events: readonly EngineEvent[]) =>
  events.map((event) => (event.kind === "text" ? event.text : "")).join("");

eachDevice((_, device) => {
  test("ghost text is answered in the midst of an edit model's load, and both write what they write alone", async () => {
    let onWeights = () => {};
    let isLoaded = false;
    const here = engineHere(
      device,
      () => {},
      (message) => {
        if (message.kind !== "loading" || message.step !== "weights") return;
        if (message.fraction === 1) isLoaded = true;
        else if ((message.fraction ?? 0) > 0) onWeights();
      },
    );
    try {
      const ghost = await here.complete();
      const alone = textOf(await here.ask(edit));
      expect(alone).not.toBe("");
      await here.ask({ kind: "unload" });
      expect(await here.complete()).toBe(ghost);

      isLoaded = false;
      const between: Promise<{ text: string; inTheMidst: boolean }>[] = [];
      onWeights = () => {
        if (between.length < 3)
          between.push(here.complete().then((text) => ({ text, inTheMidst: !isLoaded })));
      };
      expect(textOf(await here.ask(edit))).toBe(alone);
      const answers = await Promise.all(between);
      expect(answers).toHaveLength(3);
      for (const answer of answers) expect(answer).toEqual({ text: ghost, inTheMidst: true });
      expect((await here.status()).models).toHaveLength(2);
    } finally {
      await here.close();
    }
  }, 300_000);
});
