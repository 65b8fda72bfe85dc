// The process in which inputs are tried: test/fuzz/long.ts starts it, and another one where it hangs or dies.
import { watchCoverage } from "./coverage.ts";
import { fuzz } from "./fuzz.ts";
import { kinds } from "./kinds/index.ts";

/** What it is asked for, and what it says. */
export interface Task {
  readonly kind: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}
export type Word =
  | { readonly word: "ready" }
  | { readonly word: "try"; readonly number: number; readonly what: string }
  | {
      readonly word: "done";
      readonly number: number;
      readonly outcome: "read" | "refused" | "lost";
      readonly why?: string;
    }
  | { readonly word: "end" };

const MOST_MEMORY = 512 * 1024; // KiB beyond what the process had before its first try

/** Whether coverage of a script guides: the bundle that this is in, and the template library. */
const isOurs = (url: string): boolean =>
  url.startsWith("file:") && /\/out\/fuzz_worker|huggingface\/jinja/.test(url);

const say = (word: Word): void => {
  process.send!(word);
};

process.once("message", async (task: Task) => {
  const kind = await kinds[task.kind]!(false);
  await kind.check(kind.sound[0]!);
  const newPlaces = watchCoverage(isOurs);
  let most = process.resourceUsage().maxRSS;
  say({ word: "ready" });
  let outcome: "read" | "refused" = "read";
  const watched = {
    ...kind,
    check: async (input: (typeof kind.sound)[number]) => {
      outcome = await kind.check(input);
      return outcome;
    },
  };
  let last = task.from - 1;
  let lost: string | undefined;
  const tell = () => {
    if (last >= task.from)
      say({
        word: "done",
        number: last,
        outcome: lost === undefined ? outcome : "lost",
        ...(lost !== undefined && { why: lost }),
      });
    lost = undefined;
  };
  await fuzz(watched, {
    ...task,
    newPlaces,
    onTry(number, input) {
      tell();
      last = number;
      say({ word: "try", number, what: `of ${input.base}: ${input.changes.join("; ")}`.slice(0, 1000) });
    },
    afterwards() {
      const { maxRSS } = process.resourceUsage();
      const more = maxRSS - most;
      most = Math.max(most, maxRSS);
      if (more > MOST_MEMORY) throw new Error(`it took ${more} KiB of memory more`);
    },
    onLost: (_, __, error) => {
      lost = String(error instanceof Error ? error.stack : error).slice(0, 2000);
    },
  });
  tell();
  say({ word: "end" });
  process.disconnect();
});
