import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeEditors, openAt, type } from "./support/actions.ts";
import { waitForGhost } from "./support/ghost.ts";
import { type EditorWindow, explainFailure, openWindow } from "./support/window.ts";

// From a key to the frame that shows ghost text for it, on a real screen. It takes minutes and asserts no time, so it runs when it is
// asked for: FORETYPE_LATENCY=1 npx vitest run --project editor test/editor/latency.test.ts, on an idle machine.
// A number N above 1 makes the pauses N times as long and types only the first keys: for an engine that falls behind.
const slowness = Number(process.env.FORETYPE_LATENCY ?? 0);

const SOURCE = readFileSync(join(import.meta.dirname, "../../engine/gguf/header.ts"), "utf8");
const TYPED = `
/** Reads the header and says how many tensors it has. */
export async function countTensors(path: string): Promise<number> {
const file = await open(path);
const bytes = await file.read(24);
const count = bytes.readUInt32LE(8);
await file.close();
return count;`;

const CODE = TYPED.slice(TYPED.indexOf("const file"));

let window: EditorWindow;

describe.skipIf(slowness === 0)("latency (set FORETYPE_LATENCY)", () => {
  beforeAll(async () => {
    window = await openWindow({});
  });
  beforeEach(async () => {
    explainFailure(window);
    await closeEditors(window);
  });
  afterAll(() => window.close());

  test("from a key to its ghost text", { timeout: 600_000 }, async () => {
    const { page } = window;
    const middle = SOURCE.indexOf("\n\n", SOURCE.length / 2) + 1;
    await openAt(window, "latency.ts", `${SOURCE.slice(0, middle)}‸${SOURCE.slice(middle)}`);
    await type(window, "\nconst ");
    await waitForGhost(window);
    await page.evaluate(`{
      const rows = (globalThis.latencies = []);
      addEventListener("keydown", () => {
        rows.push({ at: performance.now(), line: screenReader.readLine(), ghost: screenReader.readGhost() });
      }, true);
      const look = () => {
        const row = rows.at(-1);
        if (row && row.ms === undefined) {
          const ghost = screenReader.readGhost();
          if (ghost !== "" && (ghost !== row.ghost || screenReader.readLine() !== row.line))
            row.ms = performance.now() - row.at;
        }
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }`);
    const pauses = [140, 170, 210, 160, 250, 180, 130];
    for (const [i, key] of [...(slowness > 1 ? CODE.slice(0, 60) : TYPED)].entries()) {
      await page.keyboard.press(key === "\n" ? "Enter" : key);
      await page.waitForTimeout(slowness * (key === "\n" ? 600 : pauses[i % pauses.length]!));
    }
    await page.waitForTimeout(1000);
    const rows: { ms?: number; ghost: string }[] = await page.evaluate("latencies");
    const shown = rows.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b);
    // Where no ghost text was on the screen before, the model had to write it.
    const fresh = rows.flatMap(({ ms, ghost }) => (ghost === "" ? (ms ?? []) : [])).sort((a, b) => a - b);
    const at = (values: number[], q: number) =>
      Math.round(values[Math.floor(q * values.length)] ?? Number.NaN);
    console.log(
      `${rows.length} keys, ${shown.length} with ghost text: p50 ${at(shown, 0.5)} ms, p95 ${at(shown, 0.95)} ms; ` +
        `${fresh.length} of them where there was none before: p50 ${at(fresh, 0.5)} ms, p95 ${at(fresh, 0.95)} ms`,
    );
    expect(rows.length).toBeGreaterThan(20);
  });
});
