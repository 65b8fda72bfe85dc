import { rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What Windows says while a virus scanner or an indexer holds a file open; a few seconds later it does not. */
export const isHeld = (error: unknown): boolean =>
  ["EPERM", "EBUSY", "EACCES"].includes((error as NodeJS.ErrnoException)?.code ?? "");

/** Milliseconds between tries: 6 seconds in all. */
const heldMs: readonly number[] = [50, 100, 200, 400, 800, 1500, 3000];

/**
 * Renames a file, again and again while another program holds it open.
 * @param waits milliseconds between the tries
 * @throws the last try's error
 */
export async function renameHeld(
  from: string,
  to: string,
  waits = heldMs,
  move: (from: string, to: string) => Promise<void> = rename,
): Promise<void> {
  for (const ms of waits) {
    try {
      return await move(from, to);
    } catch (error) {
      if (!isHeld(error)) throw error;
      await sleep(ms);
    }
  }
  await move(from, to);
}
