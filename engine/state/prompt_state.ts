import type { Gpu } from "../gpu/index.ts";
import { copyKv, kvRowBytes } from "./kv_segment.ts";
import type { Sequence } from "./sequence.ts";
import type { Snapshot } from "./snapshot.ts";
import { grid, type Node, pathTo, SnapshotTree, type Target } from "./snapshot_tree.ts";

// On return to a text, resume from a state some rows before its end, so that the ring still covers the user's first deletions.
const leafDistance = 16;
/** Rows that the user types before the text gets another snapshot. */
const rowDistance = 32;

/**
 * The text that the sequence holds, and the kept states of it and of others. Moves from one text to the next with the fewest
 * tokens to run, bit-equal to computing it from its start (I2).
 */
export class PromptState {
  readonly #gpu: Gpu;
  readonly #sequence: Sequence;
  readonly #budget: number;
  readonly #tree = new SnapshotTree<Snapshot>();
  #text: number[] = [];
  #base = 0;
  /** Whether the sequence's own state cannot be continued. */
  #lost = false;
  #since = 0;

  /** @param budget bytes of snapshots, and of copied-out keys and values */
  constructor(gpu: Gpu, sequence: Sequence, budget: number) {
    this.#gpu = gpu;
    this.#sequence = sequence;
    this.#budget = budget;
  }

  /** The budget, or less if the device has less free: another model may have been loaded since it was set. */
  get #room(): number {
    return Math.min(this.#budget, this.#tree.bytes + Math.max(0, this.#gpu.freeBytes));
  }

  /** Bytes that the budget counts. */
  get bytes(): number {
    return this.#tree.bytes;
  }

  /** States that are kept. */
  get snapshots(): number {
    return [...this.#tree.nodes()].filter(({ snapshot }) => snapshot).length;
  }

  /** Tokens that the state covers. */
  get length(): number {
    return this.#text.length;
  }

  /** Position at which the sequence was last restored from a snapshot: the ring has the hidden rows since then. */
  get since(): number {
    return this.#since;
  }

  /**
   * Goes as far into the target as kept states reach; the caller runs the rest.
   * @returns the position, which is before the target's last token
   */
  async enter(target: Target): Promise<number> {
    const { ids, base } = target;
    const sequence = this.#sequence;
    const depth = Math.min(commonLength(this.#text, ids), sequence.position, ids.length - 1);
    const node = this.#tree.find(target);
    if (!this.#lost) {
      const onLine = base === this.#base && depth >= base;
      if (onLine && (await sequence.restore(depth))) {
        this.#dropAfter(depth);
        return this.#stand(target, depth);
      }
      const { position } = sequence;
      const prompt = position <= Math.min(base, this.#base) && (position % grid === 0 || position === base);
      if (prompt && position === depth && node.position <= depth) return this.#stand(target, depth);
    }
    await this.#switchTo(node, target);
    return this.#stand(target, node.position);
  }

  /** Records tokens that were run after the current ones. */
  ran(ids: readonly number[]): void {
    for (const id of ids) this.#text.push(id);
  }

  /** Records that the state was left in the middle of a pass. */
  lose(): void {
    this.#lost = true;
  }

  /** Keeps the state at the current position, if the budget allows. */
  keep(): Promise<void> {
    return this.#keep();
  }

  /** @param goal a node that is not freed for it */
  async #keep(goal?: Node<Snapshot>): Promise<void> {
    const { tip } = this.#tree;
    const { position } = this.#sequence;
    if (this.#lost || position <= tip.position) return;
    const rows = position > this.#base;
    if (rows && tip.position < this.#base) return; // the row path can continue only from a row after the prompt's end
    const bytes = this.#sequence.snapshotBytes;
    this.#evict(bytes, goal);
    if (this.#tree.bytes + bytes > this.#room) return;
    const snapshot = await this.#sequence.snapshot();
    this.#tree.add(this.#text.slice(tip.position, position), rows, snapshot);
  }

  /** As `keep`, if the last kept state is far behind. */
  async keepIfFar(): Promise<void> {
    if (this.#sequence.position - this.#tree.tip.position >= rowDistance) await this.keep();
  }

  /** Forgets all texts. */
  clear(): void {
    this.#tree.clear();
    this.#sequence.reset();
    this.#text = [];
    this.#base = 0;
    this.#since = 0;
    this.#lost = false;
  }

  #stand({ ids, base }: Target, position: number): number {
    this.#text = ids.slice(0, position);
    this.#base = base;
    this.#lost = false;
    return position;
  }

  async #switchTo(node: Node<Snapshot>, target: Target): Promise<void> {
    const tree = this.#tree;
    const path = new Set(pathTo(node));
    const stays = pathTo(tree.tip).includes(node) || node === tree.root;
    const sameLine = stays && target.base === this.#base && node.position >= target.base;
    if (sameLine) this.#dropAfter(node.position);
    else await this.#leaveLeaf(node);

    this.#putAside(node);
    const encoder = this.#gpu.device.createCommandEncoder();
    for (const it of path) it.aside?.restore(encoder);
    this.#gpu.submit(encoder.finish());
    for (const it of path) {
      it.aside?.free();
      it.aside = undefined;
    }
    if (node.snapshot) this.#sequence.restoreSnapshot(node.snapshot);
    else this.#sequence.reset();
    this.#since = node.position;
    tree.moveTo(node);
  }

  /** Copies out keys and values that are about to be overwritten, if a state needs them and the budget has room. */
  #putAside(goal: Node<Snapshot>): void {
    const tree = this.#tree;
    const { memory } = this.#sequence;
    const first = tree.leaving(goal)[0];
    if (!first) return;
    const bytes = (tree.tip.position - first.parent!.position) * kvRowBytes(memory);
    tree.evict(this.#room - bytes, [goal]);
    if (tree.bytes + bytes > this.#room) {
      tree.drop(first);
      return;
    }
    for (const it of tree.leaving(goal))
      it.aside = copyKv(this.#gpu, memory, it.parent!.position, it.position);
  }

  /** Keeps a state of what was typed since the last one, before the text of `goal` replaces this one. */
  async #leaveLeaf(goal: Node<Snapshot>): Promise<void> {
    const sequence = this.#sequence;
    const { tip } = this.#tree;
    if (this.#lost || tip.position < this.#base) return;
    const position = Math.max(sequence.reach, tip.position, sequence.position - leafDistance);
    if (position > tip.position && (await sequence.restore(position))) await this.#keep(goal);
  }

  /** Rows after `position` are about to be overwritten. */
  #dropAfter(position: number): void {
    const after = pathTo(this.#tree.tip).find((it) => it.position > position);
    if (after) this.#tree.drop(after);
  }

  /** Frees states to make room for `bytes`, but never the one at the end of the text's prompt, nor the one that is wanted next. */
  #evict(bytes: number, goal: Node<Snapshot> | undefined): void {
    const prompt = pathTo(this.#tree.tip).findLast(({ rows }) => !rows);
    this.#tree.evict(this.#room - bytes, [prompt, goal]);
  }
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}
