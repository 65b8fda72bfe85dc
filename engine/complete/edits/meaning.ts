import {
  KNOWS_DECLARATIONS,
  lexisOf,
  type NameFacts,
  type Names,
  type Pieces,
  regionsIn,
  type Scope,
  tokensOf,
} from "../text/index.ts";
import { isName } from "./distinctive.ts";
import { type Found, placesOf } from "./places.ts";
import type { Replacement } from "./replacements.ts";

/** What the names of a replacement mean at a place. */
export interface Meaning {
  readonly facts: (place: Found) => NameFacts;
  /** Where the name is declared that stands at a place; undefined where this file does not declare it. */
  readonly scopeOf: (place: Found) => Scope | undefined;
  /** The old name and the new one are declared around the examples, and neither by one of them: the new one is no name for the old thing. */
  readonly areBothDeclared: boolean;
  /** Whether declarations are known. */
  readonly knows: boolean;
  /** They would be, with the language's parser, which is not loaded or cannot read so long a text. */
  readonly isBlind: boolean;
}

/** What a replacement's names mean where it was made, and in other places: nothing is known of any but these. */
export function* meaningIn(
  text: string,
  languageId: string,
  names: Names | undefined,
  { examples, others }: { readonly examples: readonly Replacement[]; readonly others: readonly Found[] },
): Pieces<Meaning> {
  if (!names) {
    const kindAt = yield* kindsIn(text, languageId);
    // Without a parser, a name behind a dot is a member.
    const roleAt = (start: number) =>
      /(?:^|[^.])\.$/.test(text.slice(start - 2, start)) ? "member" : undefined;
    return {
      facts: ({ start }) => ({ ...NO_NAME, kind: kindAt(start), role: roleAt(start) }),
      scopeOf: () => undefined,
      areBothDeclared: false,
      knows: false,
      isBlind: KNOWS_DECLARATIONS.has(languageId),
    };
  }
  const [{ old, fresh }] = examples as [Replacement];
  const known = new Map<string, NameFacts>();
  for (const [index, one] of (yield* factsOf(others, names)).entries())
    known.set(keyOf(others[index]!.start, others[index]!.end), one);
  for (const one of examples) known.set(keyOf(one.start, one.end), factsOfOld(one, names));
  const facts = ({ start, end }: Found) => known.get(keyOf(start, end))!;
  const declared: Scope[] = [];
  let found = 0; // of the two names
  // Both names count: where the new one is declared, the old one has been renamed, or would be caught.
  if (examples.some((one) => facts(one).role === "variable"))
    for (const name of [old, fresh].filter(isName)) {
      const places = yield* placesOf(text, name);
      const all = yield* factsOf(places, names);
      const isElsewhere = (index: number) => !examples.some(({ start }) => start === places[index]!.start);
      for (const one of all) if (one.declares) declared.push(...one.scopes.slice(0, 1));
      const around = facts(examples[0]!).scopes;
      if (all.some((one, index) => one.declares && isElsewhere(index) && isAmong(one.scopes[0], around)))
        found++;
    }
  return {
    facts,
    scopeOf: (place) => facts(place).scopes.find((scope) => declared.some((it) => isSameScope(it, scope))),
    areBothDeclared: found === 2,
    knows: KNOWS_DECLARATIONS.has(languageId),
    isBlind: false,
  };
}

/**
 * What the old text of an example was, by what is there now. A name that gave way to several tokens was what the first of them
 * is: `equal` in `t.equal` a member, as `assert` in `t.assert.strictEqual`. Several tokens, and what is no name, have no role.
 */
function factsOfOld({ old, fresh, start, end }: Replacement, names: Names): NameFacts {
  const whole = names.at(start, end);
  if (whole.kind !== "code") return whole;
  if (!isName(old)) return { ...whole, role: undefined, declares: false };
  const [first, ...more] = tokensOf(fresh);
  if (!first || more.length === 0) return whole;
  const head = names.at(start + first.start, start + first.end);
  if (head.kind !== "code" || head.role === undefined) return { ...head, kind: "code", role: "variable" };
  return head.role === "shorthand" ? whole : head;
}

const NO_NAME = { role: undefined, declares: false, isImport: false, scopes: [] } as const;

const keyOf = (start: number, end: number): string => `${start} ${end}`;

const READ = 8; // places of a piece: some 20 µs each

/** What a parser knows of each of some places, in their order. */
export function* factsOf(places: readonly Found[], names: Names): Pieces<NameFacts[]> {
  const facts: NameFacts[] = [];
  for (const { start, end } of places) {
    facts.push(names.at(start, end));
    if (facts.length % READ === 0) yield;
  }
  return facts;
}

export const isSameScope = (a: Scope | undefined, b: Scope | undefined): boolean =>
  a?.start === b?.start && a?.end === b?.end;

const isAmong = (scope: Scope | undefined, scopes: readonly Scope[]): boolean =>
  scope !== undefined && scopes.some((one) => isSameScope(one, scope));

function* kindsIn(text: string, languageId: string): Pieces<(at: number) => NameFacts["kind"]> {
  const lexis = lexisOf(languageId);
  if (!lexis) return () => "code";
  const outermost: { readonly kind: string; readonly start: number; readonly end: number }[] = [];
  for (const region of yield* regionsIn(lexis, text))
    if (region.start >= (outermost.at(-1)?.end ?? 0)) outermost.push(region);
  return (at) => {
    let [low, high] = [0, outermost.length]; // the first one that ends behind `at`
    while (low < high) {
      const middle = (low + high) >> 1;
      if (outermost[middle]!.end > at) high = middle;
      else low = middle + 1;
    }
    const inside = outermost[low];
    if (!inside || inside.start > at) return "code";
    return inside.kind === "string" ? "string" : "comment";
  };
}
