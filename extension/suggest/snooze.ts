import * as vscode from "vscode";
import { systemClock } from "../../engine/contract/index.ts";

const MINUTES = [5, 30, 60];
const MINUTE = 60_000;

/** Suggestions asleep until a time of `systemClock`, whatever the time of day is set to; the next window is awake. */
export function createSnooze() {
  const changed = new vscode.EventEmitter<void>();
  let untilMs = 0;
  let timer: NodeJS.Timeout | undefined;

  function sleepUntil(ms: number): void {
    untilMs = ms;
    tick();
  }

  /** Tells of each minute that has passed: the status bar counts them down. */
  function tick(): void {
    clearTimeout(timer);
    const left = untilMs - systemClock.now();
    if (left > 0) timer = setTimeout(tick, Math.min(left, left % MINUTE || MINUTE) + 1);
    else untilMs = 0;
    changed.fire();
  }

  async function ask(): Promise<void> {
    if (untilMs > systemClock.now()) return sleepUntil(0);
    const items = MINUTES.map((minutes) => ({ label: `${minutes} minutes`, minutes }));
    const choice = await vscode.window.showQuickPick(items, {
      placeHolder: "No suggestions as you type for",
    });
    if (choice) sleepUntil(systemClock.now() + choice.minutes * MINUTE);
  }

  return {
    get untilMs(): number {
      return untilMs;
    },
    /** Asks for how long; where suggestions sleep already, wakes them. */
    ask,
    wake: () => sleepUntil(0),
    onChange: changed.event,
    dispose(): void {
      clearTimeout(timer);
      changed.dispose();
    },
  };
}

export type Snooze = ReturnType<typeof createSnooze>;
