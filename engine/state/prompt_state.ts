import { UserError } from "../errors/index.ts";
import type { Gpu } from "../gpu/index.ts";
import { copyKv, kvRowBytes } from "./kv_segment.ts";
import type { ParkedState, Sequence } from "./sequence.ts";
import type { Snapshot } from "./snapshot.ts";
import { grid, type Node, pathTo, SnapshotTree, type Target } from "./snapshot_tree.ts";

// On return to a text, resume from a state some rows before its end, so that the ring still covers the user's first deletions.
const leafDistance = 16;
/** Rows that the user types before the text gets another snapshot. */
const rowDistance = 32;

/** Of the budget, what guests' states may take beside it. */
const guestShare = 1 / 4;

/** What is known of the text in the sequence. */
interface Standing {
  readonly text: number[];
  readonly base: number;
  readonly lost: boolean;
  readonly since: number;
}

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
  /** The host's text while a guest's is in the sequence. */
  #parked: { readonly state: ParkedState; readonly standing: Standing } | undefined;

  /** @param budget bytes of snapshots, and of copied-out keys and values */
  constructor(gpu: Gpu, sequence: Sequence, budget: number) {
    this.#gpu = gpu;
    this.#sequence = sequence;
    this.#budget = budget;
  }

  /**
   * Bytes that the states of the live text's owner may take: the budget, or less if the device has less free, since another model may
   * have been loaded after it was set. Guests have their own, and give way to the host.
   */
  get #room(): number {
    const { owner } = this.#tree;
    const free = Math.max(0, this.#gpu.freeBytes) + (owner === "host" ? this.#tree.bytesOf("guest") : 0);
    return Math.min(owner === "host" ? this.#budget : this.#budget * guestShare, this.#held + free);
  }

  /** Bytes of the live text's owner. */
  get #held(): number {
    return this.#tree.bytesOf(this.#tree.owner);
  }

  /** Frees guests' states where the device has less than `bytes` free. */
  #claim(bytes: number): void {
    const lacking = bytes - this.#gpu.freeBytes;
    if (lacking > 0) this.#tree.evict(this.#tree.bytesOf("guest") - lacking, [], "guest");
  }

  /** Bytes of all kept states. */
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
   * Goes as far into the target as kept states reach; the caller runs the rest. A guest's text leaves the host's as it was: what that
   * computes next is what it would have computed without the guest.
   * @returns the position, which is before the target's last token
   * @throws UserError if a guest finds no room beside the host's text
   */
  async enter(target: Target): Promise<number> {
    if (target.guest && !this.#parked) this.#park();
    if (!target.guest && this.#parked) this.#unpark();
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
    if (this.#held + bytes > this.#room) return;
    if (this.#tree.owner === "host") this.#claim(bytes);
    const snapshot = await this.#sequence.snapshot();
    this.#tree.add(this.#text.slice(tip.position, position), rows, snapshot);
  }

  /** As `keep`, if the last kept state is far behind. */
  async keepIfFar(): Promise<void> {
    if (this.#sequence.position - this.#tree.tip.position >= rowDistance) await this.keep();
  }

  /**
   * Runs passes over no text of anybody's, and leaves the texts and what is kept of them as they were. Where there is no room to put the
   * text aside, all are forgotten.
   */
  async without<T>(work: () => Promise<T>): Promise<T> {
    if (this.#parked) this.#unpark();
    const isAside = this.#text.length > 0 && this.#tryPark();
    if (!isAside) this.clear();
    try {
      const result = await work();
      if (isAside) this.#unpark();
      else this.#sequence.reset();
      return result;
    } catch (error) {
      this.clear();
      throw error;
    }
  }

  #tryPark(): boolean {
    try {
      this.#park();
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }

  /** Forgets all texts. */
  clear(): void {
    this.#tree.clear();
    this.#sequence.reset();
    this.#parked = undefined;
    this.#hold({ text: [], base: 0, since: 0, lost: false });
  }

  #hold({ text, base, since, lost }: Standing): void {
    this.#text = text;
    this.#base = base;
    this.#since = since;
    this.#lost = lost;
  }

  /**
   * Makes way for a guest's text: nothing of the host's is freed for it.
   * @throws UserError where the device has no room to put the host's text aside
   */
  #park(): void {
    const tree = this.#tree;
    const { position, parkedBytes, memory } = this.#sequence;
    const needed = parkedBytes + position * kvRowBytes(memory);
    const free = this.#gpu.freeBytes + tree.bytesOf("guest");
    if (needed > free) {
      const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20);
      throw new UserError({
        code: "memory",
        problem: `An edit needs ${mib(needed)} MiB of GPU memory to put aside the text that is being completed, and ${mib(Math.max(0, free))} MiB is free`,
        advice: "choose a smaller model or context, or allow more GPU memory",
      });
    }
    this.#claim(needed);
    const state = this.#sequence.park();
    const path = tree.park(this.#text.slice(tree.tip.position), state);
    try {
      for (const it of path) it.aside = copyKv(this.#gpu, memory, it.parent!.position, it.position);
    } catch (error) {
      this.#forgetAsides(path);
      tree.unpark();
      throw error;
    }
    const standing = { text: this.#text, base: this.#base, since: this.#since, lost: this.#lost };
    this.#parked = { state, standing };
    this.#hold({ text: [], base: -1, since: 0, lost: true }); // the guest's text comes from the tree
  }

  /** The host's text, as if no guest had come. */
  #unpark(): void {
    const { state, standing } = this.#parked!;
    this.#bringBack(this.#tree.parked!);
    this.#sequence.unpark(state);
    this.#tree.unpark();
    this.#parked = undefined;
    this.#hold(standing);
  }

  #stand({ ids, base }: Target, position: number): number {
    this.#text = ids.slice(0, position);
    this.#base = base;
    this.#lost = false;
    return position;
  }

  async #switchTo(node: Node<Snapshot>, target: Target): Promise<void> {
    const tree = this.#tree;
    const stays = pathTo(tree.tip).includes(node) || node === tree.root;
    const sameLine = stays && target.base === this.#base && node.position >= target.base;
    if (sameLine) this.#dropAfter(node.position);
    else await this.#leaveLeaf(node);

    this.#bringBack(node);
    if (node.snapshot) this.#sequence.restoreSnapshot(node.snapshot);
    else this.#sequence.reset();
    this.#since = node.position;
    tree.moveTo(node);
  }

  /** Makes the keys and values on the path to a node those of the cache. */
  #bringBack(node: Node<Snapshot>): void {
    this.#putAside(node);
    const path = pathTo(node);
    const encoder = this.#gpu.device.createCommandEncoder();
    for (const it of path) it.aside?.restore(encoder);
    this.#gpu.submit(encoder.finish());
    this.#forgetAsides(path);
  }

  #forgetAsides(path: readonly Node<Snapshot>[]): void {
    for (const it of path) {
      it.aside?.free();
      it.aside = undefined;
    }
  }

  /** Copies out keys and values that are about to be overwritten, if a state needs them and the budget has room. */
  #putAside(goal: Node<Snapshot>): void {
    const tree = this.#tree;
    const { memory } = this.#sequence;
    const first = tree.leaving(goal)[0];
    if (!first) return;
    const bytes = (tree.tip.position - first.parent!.position) * kvRowBytes(memory);
    tree.evict(this.#room - bytes, [goal]);
    if (this.#held + bytes > this.#room) {
      tree.drop(first);
      return;
    }
    if (tree.owner === "host") this.#claim(bytes);
    try {
      for (const it of tree.leaving(goal))
        it.aside = copyKv(this.#gpu, memory, it.parent!.position, it.position);
    } catch (error) {
      if (tree.owner === "host") throw error;
      tree.drop(first); // the host comes back whatever a guest has no room for
    }
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
