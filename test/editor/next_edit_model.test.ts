import { afterAll, beforeAll, expect, test } from "vitest";
import { openAt, press, save, type, whyRows } from "./support/actions.ts";
import { type Drawn, drawn, ghost } from "./support/ghost.ts";
import { scriptEngine } from "./support/scripted_engine.ts";
import { useWindow } from "./support/use_window.ts";
import { SHOTS, shoot } from "./support/window.ts";

let engine: ReturnType<typeof scriptEngine>;
beforeAll(() => {
  engine = scriptEngine();
});
afterAll(() => engine.dispose());
const window = useWindow(() => ({
  settings: { "foretype.nextEdit": "model" },
  // The name tells the format; no file is read.
  machineSettings: { "foretype.model.nextEdit": "/models/sweep-next-edit-1.5b.q8_0.gguf" },
  env: engine.env,
}));

// Three lines that agree part two changes.
const CODE = `// Adds one.
const one = 1;
const two = 2;
const three = 3;

function sum(a‸) {
  return a;
}

const four = 4;
const five = 5;
`;

const waitForDrawn = (expected: Drawn): Promise<void> =>
  expect.poll(() => drawn(window), { timeout: 12_000, interval: 100 }).toEqual(expected);

test("a model's edits below and above the cursor: Tab goes to each, and Tab takes it", async () => {
  const answer = CODE.replace("‸", ", more")
    .replace("return a;", "return a + more;")
    .replace("Adds one", "Adds both");
  engine.answerEdit({ asked: "sum(a, more)", text: `\n${answer}` });
  await openAt(window, "model.ts", CODE);
  await type(window, ", more");
  await waitForDrawn({ struck: [], behind: ["Tab → line 7", "→ + more"] });
  await shoot(window, `${SHOTS}/next-edit-model.png`);
  await press(window, "Tab");
  await expect.poll(() => ghost(window), { timeout: 12_000 }).toBe(" + more"); // an insertion at the cursor
  await press(window, "Tab");
  await waitForDrawn({ struck: ["one"], behind: ["→ both", "Tab → line 1"] });
  await press(window, "Tab");
  await waitForDrawn({ struck: ["one"], behind: ["→ both", "Tab"] });
  await press(window, "Tab");
  await waitForDrawn({ struck: [], behind: [] });
  expect(await save(window, "model.ts")).toBe(answer);
});

test("of several lines only the words that go are struck out, and what comes is behind each line", async () => {
  const code = CODE.replace("return a;", "const total = a * 2;\n  return total;");
  const answer = code
    .replace("‸", ", extra")
    .replace("a * 2", "(a + extra) * 2")
    .replace("return total", "return round(total, 2)")
    .replace("const total", "const both")
    .replace("round(total", "round(both");
  engine.answerEdit({ asked: "sum(a, extra)", text: `\n${answer}` });
  await openAt(window, "several.ts", code);
  await type(window, ", extra");
  const behind = ["→ const both = (a + extra) * 2;", "→ round(both, 2)"];
  await waitForDrawn({ struck: ["total", "total"], behind: ["Tab → line 7", ...behind] });
  await shoot(window, `${SHOTS}/next-edit-several-lines.png`);
  // At once: the second is for where the first one goes.
  await Promise.all([press(window, "Tab"), press(window, "Tab")]);
  await waitForDrawn({ struck: [], behind: [] });
  expect(await save(window, "several.ts")).toBe(answer);
});

test("where the model says nothing of use, the user can read why", async () => {
  engine.answerEdit({ asked: "sum(a, again)", text: "\nfunction sum(" });
  await openAt(window, "nothing.ts", CODE);
  await type(window, ", again");
  await expect
    .poll(async () => (await whyRows(window)).join("\n"), { timeout: 12_000 })
    .toContain("The model left out the lines at the end");
});
