// One change to a text or to JSON, as disks, editors, people and those who mean harm make them.
import type { Random } from "../reference/random.ts";

const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);

export interface Change {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Depth of nesting at which a reader that calls itself runs out of stack. */
const DEEP = 200_000;

/** JSON values that no writer of ours writes. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "0.5",
  "1e999",
  "-1e999",
  "9007199254740993",
  "18446744073709551616",
  '""',
  '"x"',
  '"../../etc/passwd"',
  '"..\\\\..\\\\x"',
  '"C:\\\\x"',
  '"/etc/passwd"',
  '"con"',
  '"a/./b//c"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e\\u001b[31m\\r\\n"',
  '"__proto__"',
  "[]",
  "{}",
  "[null]",
  '{"__proto__":{"x":1}}',
  '{"constructor":1,"toString":2,"length":-1}',
  `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}0${"}".repeat(DEEP)}`,
  `"${"x".repeat(1 << 20)}"`,
  `[${"0,".repeat(20_000)}0]`,
];

/** Of a text: a span goes, comes twice, moves, or has something else in it; its end is lost; it is stored in another encoding. */
export function mutateText(bytes: Uint8Array, random: Random, words: readonly string[] = []): Change {
  const text = Buffer.from(bytes).toString("latin1"); // a character a byte, so that broken UTF-8 stays broken
  const [a, b] = [below(random, text.length + 1), below(random, Math.min(64, text.length) + 1)];
  const end = Math.min(text.length, a + b);
  const [head, span, tail] = [text.slice(0, a), text.slice(a, end), text.slice(end)];
  const made = (what: string, changed: string): Change => ({ what, bytes: Buffer.from(changed, "latin1") });
  switch (below(random, words.length > 0 ? 14 : 11)) {
    case 0:
      return made(`${span.length} bytes at ${a} gone`, head + tail);
    case 1:
      return made(`${span.length} bytes at ${a} twice`, head + span + span + tail);
    case 2:
      return made(`cut at ${a}`, head);
    case 3: {
      const at = below(random, Math.max(1, text.length));
      const flipped = Buffer.from(text, "latin1");
      if (flipped.length > 0) flipped[at]! ^= 1 << below(random, 8);
      return { what: `a bit of byte ${at}`, bytes: flipped };
    }
    case 4: {
      const odd = pick(random, [
        "\0",
        "\xff\xfe",
        "\xef\xbb\xbf",
        "\xed\xa0\x80",
        "\r",
        "\n",
        " ",
        "\xf4\x90\x80\x80",
      ]);
      return made(`odd bytes at ${a}`, head + odd + tail);
    }
    case 5:
      return { what: "UTF-16", bytes: Buffer.from(`\ufeff${Buffer.from(bytes).toString()}`, "utf16le") };
    case 6:
      return { what: "a byte order mark", bytes: Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes]) };
    case 7: {
      const times = pick(random, [10, 1000, 100_000]);
      const many = (span || "x").slice(0, 8).repeat(times);
      return made(`8 bytes at ${a}, ${times} times`, head + many + tail);
    }
    case 8: {
      const numbers = [...text.matchAll(/-?\d+(\.\d+)?/g)];
      if (numbers.length === 0) return made("the same", text);
      const { 0: old, index } = pick(random, numbers);
      const other = pick(random, ["0", "-1", "1e999", "9007199254740993", "4294967295", "0.1", "NaN", "1e9"]);
      return made(`${old} → ${other}`, text.slice(0, index) + other + text.slice(index + old.length));
    }
    case 9: {
      const lines = text.split("\n");
      const [i, j] = [below(random, lines.length), below(random, lines.length)];
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
      return made(`lines ${i} and ${j} in each other's place`, lines.join("\n"));
    }
    case 10: {
      const lines = text.split("\n");
      const i = below(random, lines.length);
      const changed = random() < 0.5 ? lines.toSpliced(i, 1) : lines.toSpliced(i, 0, lines[i]!);
      return made(`line ${i} gone or twice`, changed.join("\n"));
    }
    default: {
      const word = pick(random, words);
      return made(`${word.slice(0, 40)} at ${a}`, head + (random() < 0.5 ? "" : span) + word + tail);
    }
  }
}

/** The places in a JSON value: how to reach each from the top. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    placesIn(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inner];
}

const HERE = "\u0001here\u0001";

/** Of one JSON value in a text: another value, or none, a further name, or the same name twice; or a change to the text. */
export function mutateJson(bytes: Uint8Array, random: Random): Change {
  if (random() < 0.25) return mutateText(bytes, random);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
    if (bytes.length > 1 << 16) throw new Error("it was made long before");
  } catch {
    return mutateText(bytes, random);
  }
  const path = pick(random, placesIn(value));
  const replacement = pick(random, VALUES);
  const kind = pick(random, ["value", "value", "value", "gone", "name", "twice"]);
  const text = JSON.stringify(edited(value, path, kind)) ?? "null";
  const name = JSON.stringify(pick(random, ["__proto__", "x", "", "length", "constructor", "\u0000"]));
  const shown = `${path.join(".")} ${kind} ${replacement.slice(0, 40)}`;
  const put: Readonly<Record<string, string>> = {
    value: replacement,
    name: `{${name}:${replacement}}`,
    twice: `{"a":0,"a":${replacement}}`,
  };
  return {
    what: shown,
    bytes: Buffer.from(text.replaceAll(JSON.stringify(HERE), () => put[kind] ?? "null")),
  };
}

/** The value with something else at a place. */
function edited(value: unknown, [key, ...rest]: readonly (string | number)[], kind: string): unknown {
  if (key === undefined) return kind === "gone" ? undefined : HERE;
  if (Array.isArray(value)) {
    if (rest.length === 0 && kind === "gone") return value.toSpliced(Number(key), 1);
    return value.with(Number(key), edited(value[Number(key)], rest, kind));
  }
  const entries = Object.entries(value as object);
  if (rest.length === 0 && kind === "gone")
    return Object.fromEntries(entries.filter(([name]) => name !== key));
  return Object.fromEntries(
    entries.map(([name, one]) => [name, name === key ? edited(one, rest, kind) : one]),
  );
}
