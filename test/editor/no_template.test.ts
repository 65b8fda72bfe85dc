import { test } from "vitest";
import { command, openAt, press, waitForNotification } from "./support/actions.ts";
import { useWindow } from "./support/use_window.ts";

// The embedded model only completes. A file of its own: more than two windows at once are slow on two cores.

const window = useWindow();

test("without a chat template there is an offer to choose a model, not an error", async () => {
  await openAt(window, "plain.ts", "‸const a = 1;\n");
  await press(window, "Control+A");
  await command(window, "Foretype: Explain Selection");
  await waitForNotification(window, /need a model with a chat template/);
  await window.page.locator(".notification-toast .monaco-button", { hasText: "Choose a Model…" }).waitFor();
});
