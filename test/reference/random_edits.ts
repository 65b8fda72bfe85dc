import { applyChange, type DocumentChange, type EditReason } from "../../engine/complete/edits/changes.ts";
import { type Random, seededRandom } from "./random.ts";

// Histories of edits as edit_prompts.py reads them: a line each.

export type EditEvent =
  | { readonly type: "open"; readonly path: string; readonly text: string }
  | { readonly type: "rename"; readonly from: string; readonly to: string }
  | ({
      readonly type: "change";
      readonly path: string;
      readonly at: number;
      readonly reason: EditReason;
    } & DocumentChange);

export interface EditHistoryCase {
  readonly path: string;
  readonly cursor: number;
  /** Outside the last window, where there is one. */
  readonly linesBefore: number | null;
  readonly linesAfter: number | null;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly events: readonly EditEvent[];
}

const WORDS =
  "const total = items.map ( x ) => { return } [ 0 ] ; // größe 名前 😀😁 🧑‍🚀 e\u0301 \u00a0 \t  if else end break; user_id".split(
    " ",
  );
const RARE = [
  "<|file_sep|>",
  "<|cursor|>",
  "<|marker_1|>",
  "<filename>",
  "<|user_cursor_is_here|>",
  "<|endoftext|>",
  "</s>",
  "```",
  "=======",
  'token = "abcd1234efgh5678ijkl"',
  "https://me:secret1@host.example/a",
  "AKIAABCDEFGHIJKLMNOP",
];
const PATHS = ["a.ts", "src/größe.py", "docs/my notes.md", "b/名前.go"];

/** One of many histories, the same for the same seed. */
export function editHistoryCase(seed: number): EditHistoryCase {
  const hands = handsOf(seededRandom(seed));
  const { below, chance, pick, documentOf } = hands;
  const texts = new Map<string, string>();
  const events: EditEvent[] = [];
  for (const path of PATHS.slice(0, 1 + below(2))) {
    texts.set(path, documentOf());
    events.push({ type: "open", path, text: texts.get(path)! });
  }
  let at = 0;
  let place = { path: pick([...texts.keys()]), cursor: 0 };
  for (let left = below(40); left > 0; left--) {
    at += chance(0.7) ? below(600) : below(4000);
    if (chance(0.08)) place = { path: pick([...texts.keys()]), cursor: 0 };
    const event = chance(0.03) ? renameOf(place.path, texts, hands) : changeOf(place, at, texts, hands);
    events.push(event);
    place =
      event.type === "rename"
        ? { ...place, path: event.to }
        : { ...place, cursor: event.offset + event.inserted.length };
  }
  const text = texts.get(place.path)!;
  const files = Array.from({ length: below(3) }, (_, index) => ({
    path: `other/${index}.ts`,
    text: chance(0.2) ? "" : documentOf(),
  }));
  const cursor = chance(0.8) ? Math.min(place.cursor, text.length) : below(text.length + 1);
  const [linesBefore, linesAfter] = chance(0.3) ? [below(30), below(30)] : [null, null];
  return { path: place.path, cursor: onCharacter(text, cursor), linesBefore, linesAfter, files, events };
}

/** Draws, and lines and documents of one history: its line ends, and whether it has what is rare. */
function handsOf(random: Random) {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (share: number) => random() < share;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const eol = pick(["\n", "\n", "\r\n"]);
  const rareness = chance(0.25) ? 0.05 : 0;
  const line = () => lineOf(random, rareness);
  const documentOf = (): string => {
    const rows = Array.from({ length: chance(0.05) ? 0 : below(chance(0.06) ? 700 : 45) }, line);
    const text = rows.map((row) => row + (chance(0.01) ? pick(["\r", "\n", "\r\n"]) : eol)).join("");
    return chance(0.4) ? text.replace(/(?:\r\n|\r|\n)$/, "") : text;
  };
  return { below, chance, pick, eol, line, documentOf };
}

type Hands = ReturnType<typeof handsOf>;

function renameOf(from: string, texts: Map<string, string>, { pick }: Hands) {
  const to = pick(PATHS.filter((one) => !texts.has(one)));
  texts.set(to, texts.get(from)!);
  texts.delete(from);
  return { type: "rename", from, to } as const;
}

const REASONS = "typed typed typed typed typed typed accepted undo redo format".split(" ") as EditReason[];

function changeOf(
  { path, cursor }: { readonly path: string; readonly cursor: number },
  at: number,
  texts: Map<string, string>,
  { below, chance, pick, eol, line }: Hands,
) {
  const text = texts.get(path)!;
  const offset = onCharacter(text, chance(0.6) ? Math.min(cursor, text.length) : below(text.length + 1));
  const length = chance(0.5) ? 0 : below(chance(0.1) ? 200 : 12);
  const end = onCharacter(text, Math.min(text.length, offset + length));
  const lines = () => `${eol}${line()}${chance(0.3) ? eol + line() : ""}`;
  const inserted = chance(0.2) ? "" : chance(0.25) ? lines() : pick(WORDS);
  const reason = pick<EditReason>([...REASONS, chance(0.2) ? "bulk" : "typed"]);
  const change = { offset, removed: Math.max(0, end - offset), inserted };
  texts.set(path, applyChange(text, change));
  return { type: "change", path, at, reason, ...change } as const;
}

function lineOf(random: Random, rareness: number): string {
  const count = Math.floor(random() * 9);
  if (random() < 0.004) return "long ".repeat(Math.floor(random() * 260));
  const words = Array.from({ length: count }, () => {
    const from = random() < rareness ? RARE : WORDS;
    return from[Math.floor(random() * from.length)]!;
  });
  return "  ".repeat(Math.floor(random() * 3)) + words.join(" ");
}

/** An offset that is not inside a surrogate pair. */
const onCharacter = (text: string, at: number): number =>
  /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1)) && at > 0 ? at - 1 : at;
