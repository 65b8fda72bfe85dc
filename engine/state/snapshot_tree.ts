import { maxRows } from "../model/index.ts";
import type { KvSegment } from "./kv_segment.ts";

/** An object that holds GPU memory until it is freed. */
export interface Held {
  readonly bytes: number;
  free(): void;
}

/** A text to compute: `ids[0, base)` by prefill, cut at multiples of `grid`, the rest by the row path. */
export interface Target {
  readonly ids: readonly number[];
  readonly base: number;
  /** A text that is computed while another one, the host's, is put aside. Default: no. */
  readonly guest?: boolean | undefined;
}

/** Whose states. */
export type Owner = "host" | "guest";

/** Where in a text a state is kept. Root: the empty text. */
export interface Node<S extends Held> {
  readonly parent: Node<S> | undefined;
  readonly children: Set<Node<S>>;
  /** Tokens since the parent. */
  readonly ids: readonly number[];
  readonly position: number;
  /** Whether the row path computed these tokens. Its bits differ from prefill's: only the same path may continue from here. */
  readonly rows: boolean;
  /** Two owners share no node but the root: neither changes what the other finds. */
  readonly owner: Owner;
  snapshot: S | undefined;
  /** Copy of the keys and values of `ids` while another text occupies their places; undefined: they are in the cache. */
  aside: KvSegment | undefined;
  /** When it was last used: the count of calls to `moveTo`. */
  used: number;
}

/**
 * Distance of the positions at which prefill cuts prompts: only there can one prompt continue another's state, bit for bit.
 * Equal to the rows of a pass, so that each piece fills a pass.
 */
export const grid = maxRows;

/**
 * Kept states of texts that share prefixes. The nodes from the root to the tip are live: their keys and values are in the
 * cache. Those of all other nodes are copied out.
 */
export class SnapshotTree<S extends Held> {
  readonly root: Node<S> = {
    parent: undefined,
    children: new Set(),
    ids: [],
    position: 0,
    rows: false,
    owner: "host",
    snapshot: undefined,
    aside: undefined,
    used: 0,
  };
  #tip = this.root;
  /** Calls to `moveTo`: a guest makes no state of the host look older. */
  readonly #clocks = { host: 0, guest: 0 };
  /** The end of the host's text while a guest's is computed. */
  #parked: Node<S> | undefined;

  /** The deepest live node. */
  get tip(): Node<S> {
    return this.#tip;
  }

  /** Bytes of all snapshots and of all copied-out keys and values. */
  get bytes(): number {
    let bytes = 0;
    for (const node of this.nodes()) bytes += bytesOf(node);
    return bytes;
  }

  /** Of `bytes`, an owner's, without what is parked. */
  bytesOf(owner: Owner): number {
    let bytes = 0;
    for (const node of this.nodes())
      if (node.owner === owner && node !== this.#parked) bytes += bytesOf(node);
    return bytes;
  }

  /** The deepest node from which the target can be computed, bit-equal to computing it from its start. */
  find(target: Target): Node<S> {
    const { ids, base, guest = false } = target;
    const owner = guest ? "guest" : "host";
    let best = this.root;
    /** Whether the target's text may go through the child, by its kind and place. */
    const leads = (node: Node<S>, child: Node<S>): boolean =>
      child.owner === owner &&
      child !== this.#parked &&
      child.position < ids.length && // the last token is always re-run: no node keeps its logits
      (child.rows ? node.rows || node.position === base : child.position <= base);
    const open = [this.root];
    for (let node = open.pop(); node; node = open.pop()) {
      const at = node.position;
      if (node.snapshot && at > best.position && goesOn(node, base)) best = node;
      for (const child of node.children)
        if (leads(node, child) && child.ids.every((id, i) => id === ids[at + i])) open.push(child);
    }
    return best;
  }

  /** Live nodes not on the path to `node`, from the top: another text is about to overwrite their keys and values. */
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

  /** Makes a node the tip; the caller has restored its keys and values to the cache. */
  moveTo(node: Node<S>): void {
    this.#tip = node;
    this.#clocks[this.owner]++;
    for (const it of pathTo(node)) it.used = this.#clocks[this.owner];
  }

  /** Adds a node after the tip, or gives an existing one a new snapshot; it becomes the tip. */
  add(ids: readonly number[], rows: boolean, snapshot: S): Node<S> {
    const parent = this.#tip;
    const { owner } = this;
    const known = [...parent.children].find(
      (it) =>
        it.owner === owner &&
        it.rows === rows &&
        it.ids.length === ids.length &&
        it.ids.every((id, i) => id === ids[i]),
    );
    known?.snapshot?.free();
    known?.aside?.free();
    const node: Node<S> = known ?? {
      parent,
      children: new Set(),
      ids,
      position: parent.position + ids.length,
      rows,
      owner,
      snapshot,
      aside: undefined,
      used: this.#clocks[owner],
    };
    node.snapshot = snapshot;
    node.aside = undefined;
    node.used = this.#clocks[owner];
    parent.children.add(node);
    this.#tip = node;
    return node;
  }

  /** Whose text is live. */
  get owner(): Owner {
    return this.#parked ? "guest" : "host";
  }

  /**
   * Makes way for a guest's text: the root becomes the tip.
   * @param ids tokens of the host's text after the tip
   * @param held the host's whole state, freed by `unpark`
   * @returns the live nodes, whose keys and values are to be copied out
   */
  park(ids: readonly number[], held: S): Node<S>[] {
    const parent = this.#tip;
    const node: Node<S> = {
      parent,
      children: new Set(),
      ids,
      position: parent.position + ids.length,
      rows: true,
      owner: "host",
      snapshot: held,
      aside: undefined,
      used: 0,
    };
    parent.children.add(node);
    this.#parked = node;
    this.#tip = this.root;
    return pathTo(node);
  }

  /** The end of the host's text while a guest's is computed. */
  get parked(): Node<S> | undefined {
    return this.#parked;
  }

  /** The host's text is live as before `park`; the caller has restored its keys, values and state. */
  unpark(): void {
    const node = this.#parked;
    if (!node) throw new Error("no text is parked");
    this.#tip = node;
    this.#parked = undefined;
    this.drop(node);
  }

  /** Removes a node and its descendants. The tip moves up if it was among them. */
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
   * Frees an owner's snapshots until they take `budget` bytes at most: first those that are cheapest to rebuild per byte and least
   * recently used.
   * @param kept never freed
   */
  evict(budget: number, kept: readonly (Node<S> | undefined)[] = [], owner = this.owner): void {
    let bytes = this.bytesOf(owner);
    while (bytes > budget) {
      const live = new Set(pathTo(this.#tip));
      let worst: Node<S> | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const node of this.nodes()) {
        if (!node.snapshot || node.owner !== owner || node === this.#parked || kept.includes(node)) continue;
        const frees = node.children.size === 0 ? bytesOf(node) : node.snapshot.bytes;
        const worth = rebuildTokens(node) / frees / (1 + this.#clocks[owner] - node.used);
        if (worth >= least) continue;
        least = worth;
        worst = node;
      }
      if (!worst) return;
      worst.snapshot!.free();
      worst.snapshot = undefined;
      // A node that holds no state and leads to none only takes space.
      for (
        let it = worst;
        it.parent && it.children.size === 0 && !it.snapshot && !live.has(it);
        it = it.parent
      )
        this.drop(it);
      bytes = this.bytesOf(owner);
    }
  }

  clear(): void {
    for (const child of [...this.root.children]) this.drop(child);
    this.#tip = this.root;
    this.#parked = undefined;
  }

  /** The node and all below it. Without recursion: a text that is typed on and on makes a path of thousands. */
  *nodes(from: Node<S> = this.root): Generator<Node<S>> {
    const open = [from];
    for (let node = open.pop(); node; node = open.pop()) {
      yield node;
      for (const child of [...node.children].reverse()) open.push(child);
    }
  }
}

/** From the root's child to the node. */
export function pathTo<S extends Held>(node: Node<S>): Node<S>[] {
  const path: Node<S>[] = [];
  for (let it = node; it.parent; it = it.parent) path.push(it);
  return path.reverse();
}

const bytesOf = <S extends Held>({ snapshot, aside }: Node<S>): number =>
  (snapshot?.bytes ?? 0) + (aside?.bytes ?? 0);

const goesOn = <S extends Held>({ rows, position }: Node<S>, base: number): boolean =>
  rows || position % grid === 0 || position === base;

/** Tokens since the nearest state before it. */
function rebuildTokens<S extends Held>(node: Node<S>): number {
  let before = node.parent;
  while (before?.parent && !before.snapshot) before = before.parent;
  return node.position - (before?.position ?? 0);
}
