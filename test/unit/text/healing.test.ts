import { describe, expect, test } from "vitest";
import { createHealing, createTokenizer, type Middle, middleTokens } from "../../../engine/text/index.ts";
import { miniVocabulary, random as randomOf, randomText } from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

const mini = createTokenizer(await miniVocabulary());
const seed = testSeed();
const spell = (ids: readonly number[]) => Buffer.concat(ids.map((id) => mini.bytes(id)));
const encode = (text: string) => mini.encode(text, { special: false });

/** Scripts with and without spaces, marks that join, characters of one to four bytes. */
const pieces = [
  "const ",
  "x",
  " = f(",
  "é",
  "e\u0301",
  "日本語",
  "👍🏽",
  "\n",
  "    ",
  ";",
  "ß",
  "العربية",
  "हिन्दी",
  "123",
  "\t",
  "'s",
];

describe("token healing", () => {
  test("allows the tokens that agree with the bytes, and no others (random)", () => {
    const next = randomOf(seed);
    const bytesOf = Array.from({ length: mini.size }, (_, id) =>
      Buffer.from(mini.specialIds.includes(id) ? [] : mini.bytes(id)),
    );
    for (let run = 0; run < 60; run++) {
      const bytes = Buffer.from(randomText(next, 4) || "x").subarray(0, 1 + Math.floor(next() * 9));
      const mask = createHealing(mini, bytes).mask()!;
      const agrees = (own: Buffer): boolean => {
        const length = Math.min(own.length, bytes.length);
        return length > 0 && own.compare(bytes, 0, length, 0, length) === 0;
      };
      const all = Array.from({ length: mini.size }, (_, id) => id);
      expect(
        all.filter((id) => (mask[id >> 5]! >>> (id & 31)) & 1),
        `seed ${seed}, run ${run}`,
      ).toEqual(all.filter((id) => agrees(bytesOf[id]!)));
    }
  });

  test("ends when the bytes are passed, whichever of the allowed tokens come", () => {
    const next = randomOf(seed + 1);
    for (let run = 0; run < 100; run++) {
      const typed = Buffer.from(randomText(next, 6));
      const healing = createHealing(mini, typed);
      const ids: number[] = [];
      for (let mask = healing.mask(); mask; mask = healing.mask()) {
        const allowed = Array.from({ length: mini.size }, (_, id) => id).filter(
          (id) => (mask![id >> 5]! >>> (id & 31)) & 1,
        );
        ids.push(allowed[Math.floor(next() * allowed.length)]!);
        healing.take(ids.at(-1)!);
        expect(ids.length).toBeLessThanOrEqual(typed.length);
      }
      expect(spell(ids).subarray(0, typed.length).equals(typed), `seed ${seed}, run ${run}`).toBe(true);
    }
  });

  test("of nothing allows anything", () =>
    expect(createHealing(mini, new Uint8Array(0)).mask()).toBeUndefined());
});

describe("a middle that is typed", () => {
  test("spells its text, byte for byte, and keeps its tokens where only its end changes (random)", () => {
    const next = randomOf(seed + 2);
    for (let run = 0; run < 60; run++) {
      let text = "";
      let last: Middle | undefined;
      for (let step = 0; step < 25; step++) {
        const before = text;
        if (next() < 0.25)
          text = Array.from(text)
            .slice(0, -1 - Math.floor(next() * 5))
            .join("");
        else text += pieces[Math.floor(next() * pieces.length)]!;
        const where = `seed ${seed}, run ${run}, step ${step}`;
        const middle = middleTokens(mini, text, last);
        expect(Buffer.concat([spell(middle.ids), middle.unsettled]).toString("utf8"), where).toBe(text);
        // Nothing was drawn: as if it had been read at once.
        expect(middle.ids, where).toEqual(encode(text.slice(0, mini.settledLength(text))));
        expect(middle.base, where).toBeLessThanOrEqual(middle.ids.length);
        if (text.startsWith(before) && last) expect(middle.base, where).toBe(last.base);
        last = middle;
      }
    }
  });

  test("keeps drawn tokens as they are, to the end where all of them are accepted", () => {
    const typed = middleTokens(mini, "const total = ");
    const drawn = [...encode(" prices"), ...encode(".red"), ...encode("uce")];
    const written: Middle = {
      ids: [...typed.ids, ...drawn],
      drawn: [...typed.drawn, ...drawn.map(() => true)],
      base: typed.base,
    };
    const accepted = middleTokens(mini, "const total = prices.reduce", written);
    expect(accepted.ids).toEqual(written.ids);
    expect(accepted.unsettled).toHaveLength(0);
    const on = middleTokens(mini, "const total = prices.reduce((", written);
    expect(on.ids.slice(0, written.ids.length)).toEqual(written.ids);
    // Another word than the model's is not built on a part of it.
    const other = middleTokens(mini, "const total = prices.reduceRight", written);
    expect(spell(other.ids).toString()).toBe("const total = prices");
    expect(Buffer.from(other.unsettled).toString()).toBe(".reduceRight");
  });

  test("typed tokens are certain only when their word has ended", () => {
    const long = middleTokens(mini, "let value = other + ");
    const back = middleTokens(mini, "let value", long);
    expect(spell(back.ids).toString()).toBe("let");
    expect(Buffer.from(back.unsettled).toString()).toBe(" value");
  });

  test("prefills the lines above the last at once, and the last one token by token", () => {
    const { base, ids } = middleTokens(mini, "a = 1\nb = 2\n    c = a + b + 3");
    expect(spell(ids.slice(0, base)).toString()).toBe("a = 1\nb = 2");
  });
});
