import { describe, expect, test } from "vitest";
import {
  createLifecycle,
  createMetrics,
  isStoredMetrics,
  type LifecycleEvent,
  type TraceRecord,
} from "../../../engine/complete/index.ts";
import { quantile } from "../../../engine/complete/metrics/histogram.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { fakeClock } from "../support/clock.ts";

/** Plays a series of events, written as words, on one document; answers what was told, and the counts. */
async function play(script: string) {
  const clock = fakeClock();
  const told: LifecycleEvent[] = [];
  const metrics = createMetrics({ now: clock.now });
  const texts = new Map<string, string>();
  const lifecycle = createLifecycle({
    clock,
    emit(event) {
      told.push(event);
      metrics.lifecycle(event);
    },
    textOf: (uri, start, end) => texts.get(uri)?.slice(start, end),
  });
  let cursor = 0;
  let rest = "";
  const put = (uri: string, inserted: string, step = inserted.length, move = true) => {
    lifecycle.changed(uri, [{ offset: cursor, removed: 0, inserted }]);
    const text = texts.get(uri) ?? "";
    texts.set(uri, text.slice(0, cursor) + inserted + text.slice(cursor));
    cursor += step;
    if (move) lifecycle.moved(uri, cursor);
  };
  const uri = "file:///a.ts";
  for (const step of script.split(" · ")) {
    const [word, ...more] = step.split(" ");
    const argument = more.join(" ").replaceAll("\\n", "\n").replaceAll("\\r", "\r");
    switch (word) {
      case "return": {
        const [id, ...text] = argument.split("=");
        rest = text.join("=");
        lifecycle.returned({ id: Number(id), uri, languageId: "typescript", cursor, text: rest });
        break;
      }
      case "wait":
        await clock.pass(Number(argument));
        break;
      case "type":
        for (const character of argument) {
          put(uri, character);
          if (rest.startsWith(character)) rest = rest.slice(1);
        }
        break;
      case "pair": // the editor closes what is typed
        put(uri, argument, 1);
        rest = rest.slice(1);
        break;
      case "word":
      case "line":
        lifecycle.partialCommand();
        put(uri, argument);
        rest = rest.slice(argument.length);
        break;
      case "native": // the editor's own key for the next word
        put(uri, argument);
        rest = rest.slice(argument.length);
        break;
      case "backspace":
        cursor--;
        lifecycle.changed(uri, [{ offset: cursor, removed: 1, inserted: "" }]);
        lifecycle.moved(uri, cursor);
        break;
      case "import": // the editor adds a line at the document's start, as accepting a symbol does
        lifecycle.changed(uri, [{ offset: 0, removed: 0, inserted: argument }]);
        texts.set(uri, argument + (texts.get(uri) ?? ""));
        cursor += argument.length;
        break;
      case "pieces": // the editor inserts the text in two places: around a bracket that is there already
        for (const half of [rest.slice(0, rest.length / 2), rest.slice(rest.length / 2)]) put(uri, half);
        lifecycle.accepted(Number(argument));
        break;
      case "odd": // one event: it removes the bracket right of the cursor, inserts the text, and adds an import above
        lifecycle.changed(uri, [
          { offset: cursor, removed: 1, inserted: "" },
          { offset: cursor, removed: 0, inserted: rest },
          { offset: 0, removed: 0, inserted: "import a;\n" },
        ]);
        texts.set(uri, `import a;\n${(texts.get(uri) ?? "").slice(0, cursor)}${rest}`);
        cursor += rest.length + 10;
        lifecycle.accepted(Number(argument));
        break;
      case "replaced": // nothing of the change tells that it is the suggestion
        lifecycle.changed(uri, [{ offset: 0, removed: cursor, inserted: `x${rest}x` }]);
        cursor = rest.length + 2;
        lifecycle.moved(uri, cursor);
        lifecycle.accepted(Number(argument));
        break;
      case "early": // the command comes before the change
        lifecycle.accepted(Number(argument));
        put(uri, rest);
        break;
      case "idle": {
        // a wrapper command that finds nothing to insert
        lifecycle.partialCommand()();
        break;
      }
      case "tab":
        put(uri, rest);
        lifecycle.accepted(Number(argument));
        break;
      case "escape":
        lifecycle.dismissed();
        break;
      case "leave":
        cursor += 7;
        lifecycle.moved(uri, cursor);
        break;
      case "blur":
        lifecycle.focus(false);
        break;
      case "focus":
        lifecycle.focus(true);
        break;
      case "close":
        texts.delete(uri);
        lifecycle.closed(uri);
        break;
      case "undo":
        texts.set(uri, "");
        lifecycle.changed(uri, [{ offset: 0, removed: cursor, inserted: "" }]);
        cursor = 0;
        break;
      default:
        throw new Error(`no step "${word}"`);
    }
  }
  const { strict, considered } = metrics.summary();
  return {
    told: told
      .filter(({ kind }) => kind !== "kept")
      .map(({ kind, id }) => `${kind} ${id}`)
      .join(", "),
    kept: told
      .filter((event) => event.kind === "kept")
      .map((event) => `${event.seconds}:${event.kept}`)
      .join(" "),
    strict: strict.n,
    considered: considered.n,
    metrics,
    stored: metrics.stored(),
  };
}

describe("what becomes of a suggestion", () => {
  const series: [script: string, told: string, strict: number, considered: number][] = [
    ["return 1=foo(); · wait 100", "", 0, 0],
    ["return 1=foo(); · wait 260", "shown 1", 1, 0],
    ["return 1=foo(); · wait 800", "shown 1, considered 1", 1, 1],
    // A quick Tab counts above and below the line.
    ["return 1=foo(); · wait 100 · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    // Gone before anybody could have read it.
    ["return 1=foo(); · wait 100 · type x", "", 0, 0],
    ["return 1=foo(); · wait 300 · type x", "shown 1, ignored 1", 1, 0],
    ["return 1=foo(); · wait 300 · type fo", "shown 1", 1, 0],
    ["return 1=foo(); · type fo · return 1=o(); · wait 300 · type o", "shown 1, typed-through 1", 1, 0],
    [
      "return 1=foo(); · wait 300 · type foo · tab 1",
      "shown 1, typed-through 1, considered 1, accepted 1",
      1,
      1,
    ],
    // One suggestion, however often it comes again.
    ["return 1=ab; · wait 300 · type a · return 1=b; · wait 900", "shown 1, considered 1", 1, 1],
    [
      "return 1=foo bar baz; · wait 300 · word foo · return 1= bar baz; · word  bar · tab 1",
      "shown 1, considered 1, partial 1, accepted 1",
      1,
      1,
    ],
    ["return 1=foo bar; · wait 300 · native foo", "shown 1, considered 1, partial 1", 1, 1],
    [
      "return 1=one();\\ntwo(); · wait 300 · line one(); · wait 900",
      "shown 1, considered 1, partial 1",
      1,
      1,
    ],
    // Brackets that the editor closes are one key.
    ["return 1=(a, b); · wait 300 · pair ()", "shown 1", 1, 0],
    ["return 1={ a } · pair {} · wait 300", "shown 1", 1, 0],
    ["return 1=foo(); · wait 300 · escape", "shown 1, dismissed 1", 1, 0],
    ["return 1=foo(); · wait 300 · leave", "shown 1, ignored 1", 1, 0],
    ["return 1=foo(); · wait 100 · blur · wait 900", "", 0, 0],
    ["return 1=foo(); · wait 300 · blur · wait 900", "shown 1", 1, 0],
    ["return 1=foo(); · wait 300 · close", "shown 1, ignored 1", 1, 0],
    ["return 1=a; · wait 300 · return 2=b; · wait 300", "shown 1, ignored 1, shown 2", 2, 0],
    ["return 1=x\\r\\ny · wait 300 · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    // The command is certain, however the editor inserts the text.
    ["return 1=; · wait 300 · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    ["return 1=() · wait 300 · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    ["type x · return 1=foo(); · wait 300 · odd 1", "shown 1, considered 1, accepted 1", 1, 1],
    ["return 1=foo(); · wait 300 · pieces 1", "shown 1, considered 1, partial 1, accepted 1", 1, 1],
    ["return 1=foo(); · wait 300 · replaced 1", "shown 1, ignored 1, considered 1, accepted 1", 1, 1],
    ["return 1=foo(); · wait 300 · early 1", "shown 1, considered 1, accepted 1", 1, 1],
    [
      "return 1=foo bar · wait 300 · word foo · word  bar · tab 1",
      "shown 1, considered 1, partial 1, accepted 1",
      1,
      1,
    ],
    ["return 1=foo(); · blur · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    // A command of ours that inserted nothing makes no accept of the next key.
    ["return 1=foo(); · wait 300 · idle · type f", "shown 1", 1, 0],
    // Interrupted, and offered again: the same suggestion.
    ["return 1=ab; · wait 300 · leave · return 1=ab; · wait 300", "shown 1, ignored 1", 1, 0],
    [
      "return 1=ab; · wait 300 · return 2=c · wait 300 · return 1=ab; · wait 800",
      "shown 1, ignored 1, shown 2, ignored 2, considered 1",
      2,
      1,
    ],
    [
      "return 1=ab; · wait 300 · type x · backspace · return 1=ab; · tab 1",
      "shown 1, ignored 1, considered 1, accepted 1",
      1,
      1,
    ],
    ["return 1=foo(); · tab 1 · undo · return 1=foo(); · tab 1", "shown 1, considered 1, accepted 1", 1, 1],
    ["return 1=foo(); · wait 300 · blur · focus · return 1=foo(); · wait 900", "shown 1, considered 1", 1, 1],
  ];
  for (const [script, told, strict, considered] of series)
    test(script, async () => {
      const result = await play(script);
      expect(result.told).toBe(told);
      expect([result.strict, result.considered]).toEqual([strict, considered]);
    });

  test("accepted text that stays counts as kept, text that is undone does not, in a closed file it is unknown", async () => {
    expect((await play("return 1=foo(); · tab 1 · wait 700000")).kept).toBe(
      "30:true 120:true 300:true 600:true",
    );
    expect((await play("return 1=foobar(); · tab 1 · wait 40000 · undo · wait 700000")).kept).toBe(
      "30:true 120:false 300:false 600:false",
    );
    expect((await play("return 1=foo(); · tab 1 · close · wait 700000")).kept).toBe("");
    // Undone and accepted again: told once a time, of the text that is there.
    expect((await play("return 1=foo(); · tab 1 · undo · return 1=foo(); · tab 1 · wait 700000")).kept).toBe(
      "30:true 120:true 300:true 600:true",
    );
    expect((await play("return 1=foo(); · early 1 · wait 700000")).kept).toBe(
      "30:true 120:true 300:true 600:true",
    );
  });
});

test("all of a suggestion that grew while it was on the screen is accepted", async () => {
  const script = "return 1=a(); · type a · return 1=();\\nb(); · tab 1 · wait 31000";
  const { stored, kept } = await play(script);
  expect(stored.languages.typescript!.acceptedCharacters).toBe("a();\nb();".length);
  expect(kept).toBe("30:true");
});

describe("the headline", () => {
  const accepted = (id: number): LifecycleEvent[] => [
    { kind: "shown", id, languageId: "python", atMs: 1 },
    { kind: "considered", id, languageId: "python", atMs: 1 },
    { kind: "accepted", id, languageId: "python", atMs: 1, characters: 9, lines: 1, afterMs: 5 },
  ];
  const shown = (id: number): LifecycleEvent[] => [{ kind: "shown", id, languageId: "python", atMs: 1 }];

  test("is silent under twenty, and then a share of those shown", () => {
    const metrics = createMetrics({ now: () => 1 });
    for (let id = 0; id < 19; id++) for (const event of accepted(id)) metrics.lifecycle(event);
    expect(metrics.summary().strict).toEqual({ rate: null, n: 19 });
    for (const event of shown(19)) metrics.lifecycle(event);
    expect(metrics.summary().strict).toEqual({ rate: 0.95, n: 20 });
    // The other base leaves out what was on the screen too short.
    expect(metrics.summary().considered).toEqual({ rate: null, n: 19 });
  });

  test("looks at the last 200 alone", () => {
    const metrics = createMetrics({ now: () => 1 });
    for (let id = 0; id < 200; id++) for (const event of shown(id)) metrics.lifecycle(event);
    for (let id = 200; id < 300; id++) for (const event of accepted(id)) metrics.lifecycle(event);
    expect(metrics.summary().strict).toEqual({ rate: 0.5, n: 200 });
  });

  test("an accept after a part counts once", () => {
    const metrics = createMetrics({ now: () => 1 });
    for (let id = 0; id < 20; id++) for (const event of shown(id)) metrics.lifecycle(event);
    metrics.lifecycle({ kind: "partial", id: 0, languageId: "python", atMs: 1, characters: 3 });
    for (const event of accepted(0)) metrics.lifecycle(event);
    expect(metrics.summary().strict.rate).toBe(0.05);
    expect(metrics.summary().languages).toEqual([{ id: "python", shown: 20, used: 1 }]);
  });
});

test("random series: shares lie between 0 and 1, what is used is part of what is shown, and storing loses nothing", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const steps = [
    "wait 100",
    "wait 300",
    "wait 800",
    "type f",
    "type x",
    "pair ()",
    "word foo",
    "native foo",
    "escape",
    "leave",
    "blur",
    "focus",
  ];
  for (let round = 0; round < 30; round++) {
    const script: string[] = [];
    for (let id = 1; id < 30; id++) {
      script.push(`return ${id}=foo(bar);`);
      for (let n = Math.floor(random() * 4); n > 0; n--)
        script.push(steps[Math.floor(random() * steps.length)]!);
      if (random() < 0.4) script.push(`tab ${id}`);
    }
    const { stored } = await play(script.join(" · "));
    for (const [shown, considered, used] of stored.outcomes) {
      expect(used && !shown, `seed ${seed}`).toBeFalsy();
      expect(considered && !shown, `seed ${seed}`).toBeFalsy();
    }
    const again = createMetrics({ now: () => 1_000_000, stored: JSON.parse(JSON.stringify(stored)) });
    const summary = again.summary();
    for (const { rate } of [summary.strict, summary.considered]) {
      if (rate === null) continue;
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(1);
    }
    expect(again.stored()).toEqual(stored);
  }
});

const trace = (more: Partial<TraceRecord>): TraceRecord => ({
  at: 5 * 3_600_000,
  uri: "file:///secret-name.ts",
  path: "secret-name.ts",
  languageId: "typescript",
  line: 1,
  column: 1,
  trigger: "automatic",
  source: "model",
  outcome: { kind: "shown", id: 1, text: "secret text" },
  multiLine: false,
  stoppedBy: "line-end",
  raw: "secret text",
  filters: [],
  confidence: null,
  prompt: null,
  times: {
    delayMs: 10,
    loadMs: 0,
    firstTextMs: 50,
    firstLineMs: 100,
    answeredMs: 100,
    promptMs: 40,
    decodeMs: 50,
  },
  tokens: 11,
  drafted: 10,
  acceptedDrafts: 7,
  ...more,
});

test("traces give times, tokens a second, drafts, the cache's share and reasons for silence", () => {
  const metrics = createMetrics({ now: () => 5 * 3_600_000 });
  for (let n = 0; n < 10; n++) metrics.trace(trace({}));
  metrics.trace(trace({ source: "typed-through" }));
  metrics.trace(trace({ outcome: { kind: "nothing", silence: { id: "mid-word", problem: "…" } } }));
  const summary = metrics.summary();
  expect(summary.firstLineMs.p50).toBeGreaterThan(94);
  expect(summary.firstLineMs.p50).toBeLessThan(106);
  expect(summary.tokensPerSecond).toBeCloseTo(200);
  expect(summary.draftAcceptance).toBeCloseTo(0.7);
  expect(summary.cacheShare).toBeCloseTo(1 / 11);
  expect(summary.silences).toEqual([{ id: "mid-word", count: 1 }]);
  expect(summary.hours).toMatchObject([{ startMs: 5 * 3_600_000 }]);
  expect(JSON.stringify(metrics.stored())).not.toContain("secret");
});

test("ninety days of every hour take less than 200 kB, and older ones go", () => {
  let now = 0;
  const metrics = createMetrics({ now: () => now });
  const random = seededRandom(7);
  for (let hour = 0; hour < 120 * 24; hour++) {
    now = hour * 3_600_000;
    for (let n = 0; n < 6; n++) {
      const languageId = `language-${Math.floor(random() * 10)}`;
      metrics.lifecycle({ kind: "shown", id: hour * 10 + n, languageId, atMs: now });
      metrics.trace(trace({ at: now, times: { ...trace({}).times, firstLineMs: 20 + random() * 400 } }));
    }
  }
  const stored = metrics.stored();
  expect(Object.keys(stored.hours).length).toBeLessThanOrEqual(90 * 24 + 1);
  expect(JSON.stringify(stored).length).toBeLessThan(200_000);
});

test("a file that is not valid statistics is replaced by empty ones, with a message", () => {
  const sound = createMetrics({ now: () => 1 }).stored();
  for (const stored of [
    7,
    "x",
    [],
    {},
    { ...sound, version: 2 },
    { ...sound, hours: { 1: 2 } },
    { ...sound, outcomes: [[1]] },
    { ...sound, tokens: "many" },
  ]) {
    const said: string[] = [];
    const metrics = createMetrics({ now: () => 1, stored, log: (line) => said.push(line) });
    expect(metrics.summary().strict.n).toBe(0);
    expect(said, JSON.stringify(stored)).toHaveLength(1);
  }
});

test("quantiles are within 6 % of the truth", () => {
  const random = seededRandom(3);
  const histogram: Record<string, number> = {};
  const times = Array.from({ length: 5000 }, () => Math.exp(random() * 8));
  const metrics = createMetrics({ now: () => 1 });
  for (const ms of times) metrics.trace(trace({ times: { ...trace({}).times, firstLineMs: ms } }));
  Object.assign(histogram, metrics.stored().latency.firstLine);
  times.sort((a, b) => a - b);
  for (const q of [0.05, 0.5, 0.95]) {
    const truth = times[Math.floor(q * times.length)]!;
    expect(Math.abs(quantile(histogram, q)! / truth - 1)).toBeLessThan(0.065);
  }
});

test("next edits count for themselves, and stored counts from before there were any go on", () => {
  const metrics = createMetrics({ now: () => 1 });
  const before = JSON.parse(JSON.stringify(metrics.stored()));
  expect(before).not.toHaveProperty("nextEdits");
  for (let i = 0; i < 20; i++) metrics.nextEdit({ kind: "shown", source: i < 15 ? "repeat" : "model" });
  for (let i = 0; i < 5; i++) metrics.nextEdit({ kind: "accepted", source: "repeat" });
  metrics.nextEdit({ kind: "undone", source: "repeat" });
  const { nextEdits, ...others } = metrics.summary();
  const none = { jumped: 0, refused: 0, typed: 0 };
  expect(nextEdits).toEqual({ ...none, shown: 20, accepted: 5, undone: 1, share: { rate: 0.25, n: 20 } });
  const { nextEdits: empty, ...untouched } = createMetrics({ now: () => 1 }).summary();
  expect(others).toEqual(untouched);
  expect(empty.share).toEqual({ rate: null, n: 0 });

  const stored = JSON.parse(JSON.stringify(metrics.stored()));
  for (const sound of [before, stored]) {
    const log: string[] = [];
    const next = createMetrics({ now: () => 1, stored: sound, log: (message) => log.push(message) });
    next.nextEdit({ kind: "shown", source: "repeat" });
    expect(next.summary().nextEdits.shown).toBe(sound === before ? 1 : 21);
    expect(log).toEqual([]);
  }
  for (const broken of [[], { repeat: { ...stored.nextEdits.repeat, typed: "3" } }, { repeat: 1 }])
    expect(isStoredMetrics({ ...stored, nextEdits: broken })).toBe(false);
});

test("an engine that says of an answer what can be no count leaves the statistics readable, and as they were", () => {
  const metrics = createMetrics({ now: () => 1 });
  const times = { loadMs: 0, answeredMs: 1, delayMs: 1, promptMs: 1, decodeMs: 5, firstLineMs: null };
  const one = { at: 1, trigger: "automatic", source: "model", outcome: { kind: "shown" }, times } as const;
  const trace = (counts: { tokens: number; drafted: number; acceptedDrafts: number }) =>
    metrics.trace({ ...one, ...counts } as unknown as TraceRecord);
  trace({ tokens: 3, drafted: 2, acceptedDrafts: 1 });
  for (const wrong of [1.7e308, 1.7e308, -5, Number.NaN, Number.POSITIVE_INFINITY])
    trace({ tokens: wrong, drafted: wrong, acceptedDrafts: wrong });
  metrics.typed(7);
  metrics.typed(Number.NaN);
  const stored = JSON.parse(JSON.stringify(metrics.stored()));
  expect(isStoredMetrics(stored)).toBe(true);
  expect(stored).toMatchObject({ tokens: 2, drafted: 2, acceptedDrafts: 1, typedCharacters: 7 });
});
