import { expect, test } from "vitest";
import {
  grid,
  type Held,
  type Node,
  pathTo,
  SnapshotTree,
  type Target,
} from "../../../engine/state/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/** Things on the GPU that must be freed once. */
function holdings() {
  let alive = 0;
  let bytes = 0;
  const make = (size: number) => {
    alive++;
    bytes += size;
    let freed = false;
    return {
      bytes: size,
      restore: () => {},
      free() {
        expect(freed, "freed twice").toBe(false);
        freed = true;
        alive--;
        bytes -= size;
      },
    };
  };
  return { make, alive: () => alive, bytes: () => bytes };
}

type Holdings = ReturnType<typeof holdings>;

/** The tokens from the text's start to the node. */
const idsOf = (node: Node<Held>): number[] => pathTo(node).flatMap(({ ids }) => ids);

/** What `find` promises, the long way. */
function deepest(tree: SnapshotTree<Held>, { ids, base }: Target): number {
  let best = 0;
  for (const node of tree.nodes()) {
    if (!node.snapshot || node.position >= ids.length) continue;
    if (!idsOf(node).every((id, i) => id === ids[i])) continue;
    const prompts = pathTo(node).filter(({ rows }) => !rows);
    const promptEnd = prompts.at(-1)?.position ?? 0;
    const fits = node.rows ? promptEnd === base : node.position <= base;
    if (fits && (node.rows || node.position % grid === 0 || node.position === base))
      best = Math.max(best, node.position);
  }
  return best;
}

// As PromptState does: leave, come, run on, keep.

function enter(tree: SnapshotTree<Held>, node: Node<Held>, held: Holdings): void {
  for (const it of tree.leaving(node)) it.aside = held.make(it.ids.length);
  for (const it of pathTo(node)) {
    it.aside?.free();
    it.aside = undefined;
  }
  tree.moveTo(node);
}

function readPrompt(
  tree: SnapshotTree<Held>,
  target: Target,
  held: Holdings,
  below: (n: number) => number,
): void {
  for (let at = tree.tip.position; at < target.base; at = tree.tip.position) {
    const end = Math.min(target.base, (Math.floor(at / grid) + 1 + below(2)) * grid);
    tree.add(target.ids.slice(at, end), false, held.make(50));
  }
}

function runRows(
  tree: SnapshotTree<Held>,
  { ids, base }: Target,
  held: Holdings,
  rows: number,
  wanted: boolean,
): void {
  const { position } = tree.tip;
  if (wanted && position >= base && position + rows < ids.length)
    tree.add(ids.slice(position, position + rows), true, held.make(50));
}

test("the deepest state with the right bits is found, budgets are kept, and nothing leaks (random)", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  for (let run = 0; run < 40; run++) {
    const held = holdings();
    const tree = new SnapshotTree<Held>();
    const bases = [64, 100, 128, 200];
    const texts = Array.from({ length: 3 }, () => Array.from({ length: 400 }, () => below(2)));
    for (let step = 0; step < 30; step++) {
      const where = `seed ${seed}, run ${run}, step ${step}`;
      const text = [...texts[below(3)]!];
      if (random() < 0.7) text.splice(below(300), 400, ...texts[0]!);
      const target = { ids: text.slice(0, 210 + below(150)), base: bases[below(4)]! };
      const node = tree.find(target);
      expect(node.position, where).toBe(deepest(tree, target));

      enter(tree, node, held);
      readPrompt(tree, target, held, below);
      runRows(tree, target, held, 1 + below(60), random() < 0.5);
      if (random() < 0.2 && tree.tip.rows) tree.drop(tree.tip);
      expect(tree.bytes, where).toBe(held.bytes());
      const budget = below(800);
      const kept = random() < 0.5 ? tree.tip : undefined;
      tree.evict(budget, [kept]);
      expect(tree.bytes, where).toBe(held.bytes());
      expect(tree.bytes, where).toBeLessThanOrEqual(Math.max(budget, kept ? 50 : 0));
      for (const it of [...tree.nodes()].filter(({ parent }) => parent))
        expect(it.aside === undefined, where).toBe(pathTo(tree.tip).includes(it));
    }
    tree.clear();
    expect(held.alive(), `seed ${seed}`).toBe(0);
  }
});

test("what is dear to rebuild for its bytes, or was used lately, goes last", () => {
  const held = holdings();
  const tree = new SnapshotTree<Held>();
  const ids = (length: number, value: number) => new Array<number>(length).fill(value);
  const near = tree.add(ids(64, 1), false, held.make(10));
  const far = tree.add(ids(512, 1), false, held.make(10));
  tree.evict(10);
  expect([near.snapshot !== undefined, far.snapshot !== undefined]).toEqual([false, true]);
});

test("a text that is typed on and on makes a path of any length", () => {
  const tree = new SnapshotTree<Held>();
  const held = holdings();
  const length = 20_000;
  for (let i = 0; i < length; i++) tree.add([i], true, held.make(1));
  expect(tree.bytes).toBe(length);
  expect(tree.find({ ids: Array.from({ length: length + 1 }, (_, i) => i), base: 0 }).position).toBe(length);
  expect(pathTo(tree.tip)).toHaveLength(length);
  tree.clear();
  expect(held.alive()).toBe(0);
});
