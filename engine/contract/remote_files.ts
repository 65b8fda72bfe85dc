/** Files that are not on this disk, such as those of a model on the Hub. Paths have forward slashes. */
export interface RemoteFiles {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Exactly `length` bytes from `offset` on. @throws UserError where they cannot be had */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
}
