import { expect, test } from "vitest";
import type { Decision } from "../../../engine/draft/index.ts";
import { MtpCatchUp } from "../../../engine/generate/mtp_catch_up.ts";

const chain = { most: 3, cut: [], acceptance: [] };
const drafts: Decision = { source: "mtp", rows: 4, expected: 3, mtpRests: false, chain };
const watches: Decision = { source: "none", rows: 1, expected: 1, mtpRests: false };
const rests: Decision = { source: "none", rows: 1, expected: 1, mtpRests: true };
const text = (length: number) => Array.from({ length }, (_, i) => i);

test("where a text is continued the block is shown its last 16 tokens once, then only what is sampled", () => {
  const mtp = new MtpCatchUp(0);
  expect(mtp.waits(drafts)).toBe(true);
  expect(mtp.next(drafts, text(100))).toEqual({ chain, unseen: text(100).slice(84) });
  expect(mtp.waits(drafts)).toBe(false);
  expect(mtp.next(drafts, text(101))).toEqual({ chain });
});

test("a round that drafts nothing shows the block its tokens, with a chain of no links", () => {
  const mtp = new MtpCatchUp(0);
  const { chain: none, unseen } = mtp.next(watches, text(20));
  expect(none?.most).toBe(0);
  expect(unseen).toEqual(text(20).slice(4));
});

test("a block that has rested is shown as many tokens as fit a pass, with no record in flight", () => {
  const mtp = new MtpCatchUp(0);
  mtp.next(drafts, text(100));
  expect(mtp.waits(rests)).toBe(false);
  for (let length = 101; length < 120; length++) expect(mtp.next(rests, text(length))).toEqual({});
  expect(mtp.waits(drafts)).toBe(true);
  expect(mtp.next(drafts, text(120))).toEqual({ chain, unseen: text(120).slice(56) });
});

test("it is shown nothing from before the state that the text was continued from", () => {
  expect(new MtpCatchUp(95).next(drafts, text(100))).toEqual({ chain, unseen: [95, 96, 97, 98, 99] });
});
