// The log after the window has ended, when a question may still wait for its answer.
import { expect, test, vi } from "vitest";
import { openLog } from "../../../extension/services/index.ts";

const told = vi.hoisted((): string[] => []);
vi.mock("vscode", () => ({
  EventEmitter: class {},
  window: {
    createOutputChannel(name: string) {
      let isClosed = false;
      return {
        name,
        debug(text: string) {
          if (isClosed) throw new Error("Channel has been closed");
          told.push(text);
        },
        show() {
          if (isClosed) throw new Error("Channel has been closed");
          told.push("shown");
        },
        dispose() {
          isClosed = true;
        },
      };
    },
  },
}));

test("a log tells until it is closed, and then fails at nothing", () => {
  const log = openLog();
  log.debug("open");
  log.show();
  expect(log.name).toBe("Foretype");
  log.dispose();
  log.debug("closed");
  log.show();
  log.dispose();
  expect(told).toEqual(["open", "shown"]);
});
