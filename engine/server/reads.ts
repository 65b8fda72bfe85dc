import { randomUUID } from "node:crypto";
import type { EngineEvent, RemoteFiles } from "../contract/index.ts";

/** Reads of files that only the client can read: each is an event, which a message answers. */
export function createReads() {
  const waiting = new Map<string, (bytes: Uint8Array) => void>();
  return {
    /** @param signal of the request; when it aborts, its reads reject with its reason */
    filesOf(
      files: RemoteFiles["files"],
      emit: (event: EngineEvent) => void,
      signal: AbortSignal,
    ): RemoteFiles {
      return {
        files,
        read: (path, offset, length) =>
          new Promise((resolve, reject) => {
            if (signal.aborted) return reject(signal.reason);
            const token = randomUUID(); // a late answer to a process that is gone means nothing to the next one
            const leave = () => {
              waiting.delete(token);
              reject(signal.reason);
            };
            waiting.set(token, (bytes) => {
              signal.removeEventListener("abort", leave);
              waiting.delete(token);
              if (bytes.length === length) return resolve(bytes);
              reject(new Error(`${length} bytes of ${path} were asked for and ${bytes.length} came`));
            });
            signal.addEventListener("abort", leave, { once: true });
            emit({ kind: "read", token, path, offset, length });
          }),
      };
    },
    take(token: string, base64: string): void {
      waiting.get(token)?.(Buffer.from(base64, "base64"));
    },
  };
}
