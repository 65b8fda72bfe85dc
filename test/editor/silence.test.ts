import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { goTo, openAt, openTab, press, type, whyRows } from "./support/actions.ts";
import { ghost } from "./support/ghost.ts";
import { findEngine } from "./support/processes.ts";
import { STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";
import { writeFiles } from "./support/window.ts";

const window = useWindow(() => ({ settings: { "files.readonlyInclude": { "**/vendor/**": true } } }));

test("a secret file stays silent, and the reason names the setting that keeps it so", async () => {
  await openAt(window, ".env.local", "USER=me\n‸\n");
  await type(window, "PASSWORD=");
  await press(window, "Alt+Backslash");
  const [now] = await whyRows(window);
  expect(now).toMatch(/foretype\.exclude/);
  expect(await ghost(window)).toBe("");
});

test.skipIf(process.platform === "win32")(
  "a link to a secret file stays silent, whatever its name",
  async () => {
    writeFiles(window.folder, { "prod.env": "USER=me\n\n" });
    const link = join(window.folder, "notes.txt");
    rmSync(link, { force: true }); // of a first try
    symlinkSync(join(window.folder, "prod.env"), link);
    await openTab(window, "notes.txt");
    await goTo(window, 2, 1);
    await type(window, "PASSWORD=");
    await press(window, "Alt+Backslash");
    const [now] = await whyRows(window);
    expect(now).toMatch(/“\*\.env”.*foretype\.exclude/s);
    expect(await ghost(window)).toBe("");
  },
);

test("a read-only file stays silent, and the reason says that it cannot be edited", async () => {
  await openAt(window, "vendor/stack.ts", STACK.replace("‸", "this‸"));
  await press(window, "Alt+Backslash");
  const [now] = await whyRows(window);
  expect(now).toMatch(/cannot be edited/);
  expect(await ghost(window)).toBe("");
});

test("none of this has started the engine", () => {
  expect(findEngine(window.pid)).toBeUndefined();
});
