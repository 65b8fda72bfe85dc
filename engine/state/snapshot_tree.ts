import { maxRows } from "../model/index.ts";
import type { KvSegment } from "./kv_segment.ts";

/** Something that takes memory on the GPU until it is freed. */
export interface Held {
  readonly bytes: number;
  free(): void;
}

/** A text as it is to be computed: `ids[0, base)` by the prompt path, cut at multiples of `grid`, the rest by the row path. */
export interface Target {
  readonly ids: readonly number[];
  readonly base: number;
}

/** Where in a text a state is kept. Root: the empty text. */
export interface Node<S extends Held> {
  readonly parent: Node<S> | undefined;
  readonly children: Set<Node<S>>;
  /** Tokens since the parent. */
  readonly ids: readonly number[];
  readonly position: number;
  /** Whether these tokens went by the row path. Bits differ: only the same path may go on from here. */
  readonly rows: boolean;
  snapshot: S | undefined;
  /** Keys and values of `ids`, while another text has their places in the cache; undefined: they are there. */
  aside: KvSegment | undefined;
  /** When it last helped; a number of `enter`. */
  used: number;
}

/**
 * Positions between the places where the prompt path cuts prompts: only there can one prompt continue another's state, bit for
 * bit. As many as a pass has rows, so that each piece fills a pass.
 */
export const grid = maxRows;

/**
 * Kept states of texts that begin alike. The nodes from the root to the tip are live: their keys and values are in the
 * cache; all others have theirs aside.
 */
export class SnapshotTree<S extends Held> {
  readonly root: Node<S> = {
    parent: undefined,
    children: new Set(),
    ids: [],
    position: 0,
    rows: false,
    snapshot: undefined,
    aside: undefined,
    used: 0,
  };
  #tip = this.root;
  #clock = 0;

  /** The deepest live node. */
  get tip(): Node<S> {
    return this.#tip;
  }

  /** Bytes of all snapshots and of what is aside. */
  get bytes(): number {
    let bytes = 0;
    for (const node of this.nodes()) bytes += bytesOf(node);
    return bytes;
  }

  /** The deepest node from which the target can be computed with the bits that it would have from its start. */
  find(target: Target): Node<S> {
    const { ids, base } = target;
    let best = this.root;
    const visit = (node: Node<S>): void => {
      if (node.snapshot && node.position > best.position && goesOn(node, base)) best = node;
      for (const child of node.children) {
        if (child.position >= ids.length) continue; // the last token is always run: its logits are kept nowhere
        if (child.rows ? !node.rows && node.position !== base : child.position > base) continue;
        if (child.ids.every((id, i) => id === ids[node.position + i])) visit(child);
      }
    };
    visit(this.root);
    return best;
  }

  /** Live nodes off the way to `node`, from the top: those whose keys and values another text is about to overwrite. */
  leaving(node: Node<S>): Node<S>[] {
    const path = new Set(pathTo(node));
    for (
      let it = this.#tip;
      it.parent && !path.has(it) && !it.snapshot && it.children.size === 0;
      it = this.#tip
    )
      this.drop(it); // holds no state, and leads to none
    return pathTo(this.#tip).filter((it) => !path.has(it));
  }

  /** Makes the tip of a node; the caller has put keys and values in their places. */
  moveTo(node: Node<S>): void {
    this.#tip = node;
    this.#clock++;
    for (const it of pathTo(node)) it.used = this.#clock;
  }

  /** Adds a node after the tip, or gives the one that is there a snapshot again; it becomes the tip. */
  add(ids: readonly number[], rows: boolean, snapshot: S): Node<S> {
    const parent = this.#tip;
    const known = [...parent.children].find(
      (it) => it.rows === rows && it.ids.length === ids.length && it.ids.every((id, i) => id === ids[i]),
    );
    known?.snapshot?.free();
    known?.aside?.free();
    const node: Node<S> = known ?? {
      parent,
      children: new Set(),
      ids,
      position: parent.position + ids.length,
      rows,
      snapshot,
      aside: undefined,
      used: this.#clock,
    };
    node.snapshot = snapshot;
    node.aside = undefined;
    node.used = this.#clock;
    parent.children.add(node);
    this.#tip = node;
    return node;
  }

  /** Removes a node with all that stands on it. The tip moves up if it was among them. */
  drop(node: Node<S>): void {
    const { parent } = node;
    if (!parent) return;
    if (pathTo(this.#tip).includes(node)) this.#tip = parent;
    for (const it of this.nodes(node)) {
      it.snapshot?.free();
      it.aside?.free();
    }
    parent.children.delete(node);
  }

  /**
   * Frees snapshots until all take `budget` bytes at most, first what is rebuilt soonest for its bytes and was not used for
   * longest.
   * @param kept never freed
   */
  evict(budget: number, kept?: Node<S>): void {
    let bytes = this.bytes;
    while (bytes > budget) {
      const live = new Set(pathTo(this.#tip));
      let worst: Node<S> | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const node of this.nodes()) {
        if (!node.snapshot || node === kept) continue;
        const frees = node.children.size === 0 ? bytesOf(node) : node.snapshot.bytes;
        const worth = rebuildTokens(node) / frees / (1 + this.#clock - node.used);
        if (worth >= least) continue;
        least = worth;
        worst = node;
      }
      if (!worst) return;
      worst.snapshot!.free();
      worst.snapshot = undefined;
      // What holds no state and leads to none only takes room.
      for (
        let it = worst;
        it.parent && it.children.size === 0 && !it.snapshot && !live.has(it);
        it = it.parent
      )
        this.drop(it);
      bytes = this.bytes;
    }
  }

  clear(): void {
    for (const child of [...this.root.children]) this.drop(child);
    this.#tip = this.root;
  }

  *nodes(from: Node<S> = this.root): Generator<Node<S>> {
    yield from;
    for (const child of from.children) yield* this.nodes(child);
  }
}

/** From the root's child to the node. */
export function pathTo<S extends Held>(node: Node<S>): Node<S>[] {
  const path: Node<S>[] = [];
  for (let it = node; it.parent; it = it.parent) path.unshift(it);
  return path;
}

const bytesOf = <S extends Held>({ snapshot, aside }: Node<S>): number =>
  (snapshot?.bytes ?? 0) + (aside?.bytes ?? 0);

const goesOn = <S extends Held>({ rows, position }: Node<S>, base: number): boolean =>
  rows || position % grid === 0 || position === base;

/** Tokens from the last state before it. */
function rebuildTokens<S extends Held>(node: Node<S>): number {
  let before = node.parent;
  while (before?.parent && !before.snapshot) before = before.parent;
  return node.position - (before?.position ?? 0);
}
