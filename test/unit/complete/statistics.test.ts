import { expect, test } from "vitest";
import {
  createLifecycle,
  createMetrics,
  type DocumentChange,
  type LifecycleEvent,
  type Metrics,
  type StoredMetrics,
} from "../../../engine/complete/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { fakeClock } from "../support/clock.ts";

const LANGUAGES = ["go", "python", "rust"];
const TEXTS = ["x", ";", "()", "  ", "foo(bar);", "if (a) {\n  b();\n}", "one two three"];
const URIS = ["file:///a", "file:///b"];

/** Counts by sets of ids: what each table should say. */
function reference() {
  const ids = { shown: new Set<number>(), used: new Set<number>(), accepted: new Set<number>() };
  const checked = new Map<number, Set<number>>();
  return {
    ids,
    checked,
    event(event: LifecycleEvent): void {
      const { id, kind } = event;
      if (kind === "shown" || kind === "considered" || kind === "accepted" || kind === "partial")
        ids.shown.add(id);
      if (kind === "accepted" || kind === "partial") ids.used.add(id);
      if (kind === "accepted") ids.accepted.add(id);
      if (kind === "kept" && ids.used.has(id))
        checked.set(event.seconds, (checked.get(event.seconds) ?? new Set()).add(id));
    },
  };
}

const sum = <T>(all: Iterable<T>, of: (one: T) => number): number =>
  [...all].reduce((total, one) => total + of(one), 0);

/** Compares all tables with the reference, and with one another. */
function compare(stored: StoredMetrics, { ids, checked }: ReturnType<typeof reference>, note: string): void {
  const hours = Object.values(stored.hours);
  const languages = Object.values(stored.languages);
  const tables = {
    shown: [
      stored.outcomes.filter(([shown]) => shown).length,
      sum(hours, (one) => one.shown),
      sum(languages, (one) => one.shown),
    ],
    used: [
      stored.outcomes.filter(([, , used]) => used).length,
      sum(hours, (one) => one.used),
      sum(languages, (one) => one.used),
    ],
  };
  expect(tables, note).toEqual({
    shown: Array(3).fill(ids.shown.size),
    used: Array(3).fill(ids.used.size),
  });
  for (const row of [...hours, ...languages]) expect(row.used, note).toBeLessThanOrEqual(row.shown);
  for (const row of languages) {
    expect(row.considered, note).toBeLessThanOrEqual(row.shown);
    expect(row.usedConsidered, note).toBe(row.used);
    expect(row.dismissed, note).toBeGreaterThanOrEqual(0);
    expect(row.dismissed + row.used, note).toBeLessThanOrEqual(row.shown);
  }
  for (const [seconds, [kept, n]] of Object.entries(stored.kept)) {
    expect(n, note).toBe(checked.get(Number(seconds))?.size);
    expect(kept, note).toBeLessThanOrEqual(n);
  }
  expect(stored.typedCharacters, note).toBeGreaterThanOrEqual(0);
}

/** The metrics as another window finds them: through the file. */
const reloaded = (metrics: Metrics): Metrics =>
  createMetrics({ now: () => 0, stored: JSON.parse(JSON.stringify(metrics.stored())) });

/** An editor with one document at a time, which offers suggestions and inserts them in ways of its own. */
function createEditor(random: () => number) {
  const clock = fakeClock(3_600_000 * 1000);
  const told = reference();
  let metrics = createMetrics({ now: clock.now });
  const certain = new Set<number>(); // ids whose command ran
  const texts = new Map(URIS.map((uri) => [uri, "start\n"]));
  const offered = new Map<number, { uri: string; text: string }>();
  const lifecycle = createLifecycle({
    clock,
    emit(event) {
      told.event(event);
      metrics.lifecycle(event);
    },
    onTyped: (characters) => metrics.typed(characters),
    textOf: (uri, start, end) => texts.get(uri)?.slice(start, end),
  });
  let uri = URIS[0]!;
  let cursor = 0;
  let next = 1;
  let id = 0; // on the screen; 0 for none
  let rest = "";
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

  function change(changes: readonly DocumentChange[], typed = 0): void {
    let text = texts.get(uri)!;
    for (const { offset, removed, inserted } of changes)
      text = text.slice(0, offset) + inserted + text.slice(offset + removed);
    texts.set(uri, text);
    lifecycle.changed(uri, changes, typed);
  }

  function offer(one: number, text: string): void {
    id = one;
    rest = text;
    const languageId = pick(LANGUAGES);
    lifecycle.returned({ id, uri, languageId, cursor, text });
  }

  function insert(text: string, typed = 0): void {
    change([{ offset: cursor, removed: 0, inserted: text }], typed);
    cursor += text.length;
    rest = rest.startsWith(text) ? rest.slice(text.length) : "";
    lifecycle.moved(uri, cursor);
  }

  function ran(): void {
    certain.add(id);
    lifecycle.accepted(id);
    id = 0;
  }

  /** The ways in which an editor inserts what is left; each with the command that says so. */
  const accepts: readonly (() => void)[] = [
    () => {
      insert(rest, rest.length === 1 ? 1 : 0);
      ran();
    },
    () => {
      const [half, other] = [rest.slice(0, 1), rest.slice(1)];
      insert(half, 1);
      if (other !== "") insert(other);
      ran();
    },
    () => {
      const inserted = rest;
      change([
        { offset: cursor, removed: 0, inserted },
        { offset: 0, removed: 0, inserted: "import a;\n" },
      ]);
      cursor += inserted.length + 10;
      lifecycle.moved(uri, cursor);
      ran();
    },
    () => {
      const inserted = `${texts.get(uri)!.slice(0, cursor)}${rest}!`;
      change([{ offset: 0, removed: cursor, inserted }]);
      cursor = inserted.length;
      lifecycle.moved(uri, cursor);
      ran();
    },
    () => {
      const late = rest;
      ran();
      change([{ offset: cursor, removed: 0, inserted: late }]);
      cursor += late.length;
      rest = "";
    },
  ];

  const steps: readonly (() => unknown)[] = [
    () => clock.pass(pick([100, 300, 800, 40_000, 3_600_000])),
    () => offer(next++, offerable()),
    () => {
      const one = pick([...offered.keys(), 0]);
      if (one > 0 && offered.get(one)!.uri === uri) offer(one, offered.get(one)!.text);
    },
    () => id > 0 && rest !== "" && offer(id, `${rest}\nmore();`),
    () => id > 0 && rest !== "" && insert(rest[0]!, 1),
    () => insert("%", 1),
    () => {
      if (id === 0 || rest === "") return;
      const done = lifecycle.partialCommand();
      insert(rest.slice(0, 3));
      if (random() < 0.5) done();
    },
    () => lifecycle.partialCommand()(),
    () => id > 0 && rest.length > 3 && insert(rest.slice(0, 3)),
    () => id > 0 && rest !== "" && pick(accepts)(),
    () => id > 0 && rest !== "" && pick(accepts)(),
    () => {
      if (id === 0) return;
      lifecycle.dismissed();
      if (random() < 0.2) ran(); // the editor hid it because it was accepted
    },
    () => {
      cursor = Math.floor(random() * texts.get(uri)!.length);
      lifecycle.moved(uri, cursor);
      id = 0;
    },
    () => {
      uri = pick(URIS);
      cursor = texts.get(uri)!.length;
      lifecycle.moved(uri, cursor);
      id = 0;
    },
    () => lifecycle.focus(random() < 0.5),
    () => {
      lifecycle.closed(uri);
      if (random() < 0.5) id = 0;
    },
    () => {
      metrics = reloaded(metrics);
    },
  ];

  function offerable(): string {
    const text = pick(TEXTS);
    offered.set(next - 1, { uri, text });
    return text;
  }

  return {
    async step(): Promise<void> {
      await pick(steps)();
    },
    check(note: string): void {
      expect([...told.ids.accepted].sort(), note).toEqual([...certain].sort());
      compare(metrics.stored(), told, note);
      lifecycle.dispose();
    },
  };
}

test("random editing: each suggestion counts once in each table, and its command decides whether it was accepted", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round++) {
    const editor = createEditor(random);
    for (let n = 0; n < 150; n++) await editor.step();
    editor.check(`seed ${seed}, round ${round}`);
  }
});

test("random events in any order, stored and read again in between: the tables agree with sets of ids", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  for (let round = 0; round < 50; round++) {
    let metrics = createMetrics({ now: () => 0 });
    const told = reference();
    for (let n = 0; n < 300; n++) {
      const about = {
        id: 1 + Math.floor(random() * 40),
        languageId: pick(LANGUAGES),
        atMs: Math.floor(random() * 10) * 3_600_000,
      };
      const kinds: readonly LifecycleEvent[] = [
        { ...about, kind: "shown" },
        { ...about, kind: "considered" },
        { ...about, kind: "accepted", characters: 5, lines: 1, afterMs: 1, typed: Math.floor(random() * 5) },
        { ...about, kind: "partial", characters: 2 },
        { ...about, kind: "ignored" },
        { ...about, kind: "kept", seconds: pick([30, 120]), kept: random() < 0.5, characters: 5 },
      ];
      const event = pick(kinds);
      told.event(event);
      metrics.lifecycle(event);
      if (random() < 0.1) metrics = reloaded(metrics);
    }
    compare(metrics.stored(), told, `seed ${seed}, round ${round}`);
    const { strict, languages, hours } = metrics.summary();
    expect(strict.n).toBe(told.ids.shown.size);
    expect(sum(languages, ({ used }) => used)).toBe(sum(hours, ({ used }) => used));
  }
});

test("what was inferred gives way to the accept command, whichever comes first", () => {
  const about = { id: 1, languageId: "go", atMs: 0 };
  const accepted = { ...about, kind: "accepted", characters: 3, lines: 1, afterMs: 1, typed: 2 } as const;
  const inferred = [
    { ...about, kind: "shown" },
    { ...about, kind: "typed-through" },
    { ...about, kind: "dismissed" },
  ] as const;
  const orders: readonly (readonly LifecycleEvent[])[] = [
    [...inferred, accepted],
    [accepted, inferred[1], inferred[2]],
    [inferred[0], accepted, accepted, inferred[2]],
  ];
  for (const events of orders) {
    const metrics = createMetrics({ now: () => 0 });
    for (const event of events) metrics.lifecycle(event);
    expect(metrics.stored().languages.go).toEqual({
      shown: 1,
      used: 1,
      considered: 1,
      usedConsidered: 1,
      typedThrough: 0,
      dismissed: 0,
      acceptedCharacters: 3,
    });
  }
});

test("suggestions of another window, which have the same numbers, count as others", () => {
  const first = createMetrics({ now: () => 0, session: "a:" });
  first.lifecycle({ id: 1, languageId: "go", atMs: 0, kind: "shown" });
  const second = createMetrics({ now: () => 0, session: "b:", stored: first.stored() });
  second.lifecycle({ id: 1, languageId: "go", atMs: 0, kind: "shown" });
  expect(second.summary().languages).toEqual([{ id: "go", shown: 2, used: 0 }]);
});

test.each(["constructor", "__proto__", "toString"])("a language may be called %s", (languageId) => {
  const first = createMetrics({ now: () => 0 });
  first.lifecycle({ id: 1, languageId, atMs: 0, kind: "shown" });
  const stored: unknown = JSON.parse(JSON.stringify(first.stored()));
  const second = createMetrics({ now: () => 0, session: "b:", stored });
  second.lifecycle({ id: 1, languageId, atMs: 0, kind: "shown" });
  expect(second.summary().languages).toEqual([{ id: languageId, shown: 2, used: 0 }]);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("counts that an older version stored are read, and go on", () => {
  const { outcomes, ...rest } = createMetrics({ now: () => 0 }).stored();
  expect(outcomes).toEqual([]);
  const stored = {
    ...rest,
    outcomes: [
      [1, 0, 0],
      [1, 1, 1],
    ],
  };
  const metrics = createMetrics({ now: () => 0, stored });
  metrics.lifecycle({ id: 1, languageId: "go", atMs: 0, kind: "shown" });
  expect(metrics.summary().strict.n).toBe(3);
});

test("a last character that Tab inserted does not count as typed by hand", () => {
  const clock = fakeClock();
  const metrics = createMetrics({ now: clock.now });
  const lifecycle = createLifecycle({
    clock,
    emit: (event) => metrics.lifecycle(event),
    onTyped: (characters) => metrics.typed(characters),
    textOf: () => undefined,
  });
  const uri = "file:///a";
  const type = (offset: number, inserted: string) =>
    lifecycle.changed(uri, [{ offset, removed: 0, inserted }], 1);
  lifecycle.returned({ id: 1, uri, languageId: "go", cursor: 0, text: "abc" });
  type(0, "a");
  type(1, "b");
  type(2, "c"); // by Tab, as the command tells next
  lifecycle.accepted(1);
  expect(metrics.stored().typedCharacters).toBe(2);
  expect(metrics.stored().languages.go).toMatchObject({ used: 1, typedThrough: 0 });
});
