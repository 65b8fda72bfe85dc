// What a pair of hands is: the window that it works in, and what it remembers of what it did.
import type { Random } from "../../../reference/random.ts";
import type { EditorWindow } from "../window.ts";

export interface Hands {
  readonly window: EditorWindow;
  /** All that hands decide depends on it alone, so that a seed plays again; what the screen shows meanwhile may differ. */
  readonly random: Random;
  /** Identifiers of suggestions that were on the screen when a key was pressed that accepts. */
  readonly accepted: Set<string>;
  /** Suggestions that were accepted and are not after the text that they were made for. */
  readonly misplaced: string[];
  severalCursors: boolean;
  /** The window's files of settings, with which suggestions come; `modes.ts` changes them for a while. */
  readonly before: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** What hands may do, with how often. */
export interface Action {
  readonly name: string;
  readonly weight: number;
  /** Answers what was done, for the report of a failure. */
  readonly act: (hands: Hands) => Promise<string>;
}

export const pick = <Item>(items: readonly Item[], random: Random): Item =>
  items[Math.floor(random() * items.length)]!;

/** One of the actions, by their weights. */
export function draw(actions: readonly Action[], random: Random): Action {
  let left = random() * actions.reduce((sum, { weight }) => sum + weight, 0);
  for (const action of actions) {
    left -= action.weight;
    if (left < 0) return action;
  }
  return actions[0]!;
}

/** The same items in another order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = items.map((item) => ({ item, at: random() }));
  return order.toSorted((a, b) => a.at - b.at).map(({ item }) => item);
}

/** An action that presses keys. */
export const keys =
  (...pressed: string[]): Action["act"] =>
  async ({ window }) => {
    for (const key of pressed) await window.page.keyboard.press(key);
    return pressed.join(" ");
  };
