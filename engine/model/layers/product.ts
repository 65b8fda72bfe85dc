import type { Bindings, KernelSource } from "../../gpu/index.ts";

/** A part of a kernel: WGSL, constants, and what its variables are bound to. */
export interface Piece extends Partial<Omit<KernelSource, "name">> {
  readonly bindings?: Bindings;
}

/** A product but for its weights: pieces of WGSL that its kernels join. */
export interface Product {
  /** The step state, the shape, the order of activations, and which rows are wanted. */
  readonly rows: Piece;
  /** The same for a kernel that reads the input only: one for all matrices with rows of that size. */
  readonly inputRows: Piece;
  readonly input: Piece;
  readonly output: Piece;
}

/** The kernel of these pieces, in their order, but for its name, and what it is bound to. */
export function joined(
  pieces: readonly Piece[],
): Omit<KernelSource, "name"> & { readonly bindings: Bindings } {
  return {
    parts: pieces.flatMap(({ parts = [] }) => parts),
    constants: Object.assign({}, ...pieces.map(({ constants }) => constants)) as KernelSource["constants"],
    extensions: pieces.flatMap(({ extensions = [] }) => extensions),
    bindings: Object.assign({}, ...pieces.map(({ bindings }) => bindings)) as Bindings,
  };
}
