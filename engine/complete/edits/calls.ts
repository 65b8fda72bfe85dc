import { type NameFacts, tokensOf } from "../text/index.ts";
import { isName } from "./distinctive.ts";
import { besideOf, type Example, sharedBy } from "./examples.ts";
import type { Found } from "./places.ts";

/** A name that is called gave way to a path each time: `equal` to `assert.equal`, the calls of an interface that is another now. */
export const areOtherCalls = (examples: readonly Example[], facts: readonly NameFacts[]): boolean => {
  const [{ old, fresh }] = examples as [Example];
  return (
    isName(old) &&
    isPath(fresh) &&
    examples.every(({ right }) => right[0] === "(") &&
    facts.every(({ kind, role }) => kind === "code" && role !== "shorthand" && role === facts[0]!.role)
  );
};

function isPath(text: string): boolean {
  const tokens = tokensOf(text).map((token) => token.text);
  return (
    tokens.length > 2 && tokens.every((token, index) => (index % 2 === 0 ? isName(token) : token === "."))
  );
}

/** Whether a place is a call like those: of a member, on what all were called on, or on anything. What it is given may differ. */
export function isCalledAlike(examples: readonly Example[], text: string): (place: Found) => boolean {
  const shared = sharedBy(examples.map((one) => one.left));
  const before = shared[0] === "." ? shared.slice(0, 2) : [];
  return (place) => {
    const beside = besideOf(text, place);
    return beside.right[0] === "(" && before.every((token, index) => beside.left[index] === token);
  };
}
