import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "../errors/index.ts";
import { fileUrl, type HubAccess, type HubFile, isTransient, reach, refusal } from "./hub.ts";
import type { ModelWish } from "./names.ts";

/** A file of a repository. */
export interface RemoteFile extends Pick<HubFile, "path" | "bytes"> {
  readonly wish: ModelWish;
}

/** Why a try ended before it had what it wanted. `unranged`: the server's ranges cannot be trusted. */
export interface Fault {
  readonly error: UserError;
  readonly unranged?: boolean;
}

/** Waits before each new try, ms. */
export const defaultRetryMs: readonly number[] = [1000, 2000, 4000, 8000, 16_000, 30_000];

/**
 * Repeats a try until it brings all that it wants. The count of tries begins again whenever there is more than before.
 * @param reached bytes that are there
 * @throws the last fault's error when the waits are used up; the signal's reason when cancelled
 */
export async function persist(
  attempt: () => Promise<Fault | undefined>,
  reached: () => number,
  retryMs: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let failures = 0; ; ) {
    const before = reached();
    const fault = await attempt();
    if (fault === undefined) return;
    failures = reached() > before ? 1 : failures + 1;
    const delay = retryMs[failures - 1];
    if (delay === undefined) throw fault.error;
    await wait(delay, undefined, signal && { signal });
  }
}

/**
 * Asks for bytes of a file: the answer, if it brings bytes (status 200 or 206), else why it does not, where another try may.
 * @param range as the header has it; left out, the whole file
 * @throws UserError where no try will
 */
export async function request(
  file: RemoteFile,
  range: string | undefined,
  access: HubAccess,
): Promise<{ readonly response: Response } | Fault> {
  const { token, signal } = access;
  const headers = {
    "accept-encoding": "identity", // a range of compressed bytes would be another range
    ...(token && { authorization: `Bearer ${token}` }),
    ...(range && { range }),
  };
  let response: Response;
  try {
    response = await reach(
      fileUrl(file.wish, file.path, access),
      { headers, ...(signal && { signal }) },
      access,
    );
  } catch (error) {
    if (error instanceof UserError) return { error };
    throw error;
  }
  const { status } = response;
  if (status === 200 || status === 206) return { response };
  await response.body?.cancel();
  const error = refusal(response, `${file.wish.repository}/${file.path}`, access);
  if (status === 416) return { error, unranged: true };
  if (isTransient(status)) return { error };
  throw error;
}

/** The fault of an answer that has other bytes than those that were asked for. */
export async function otherRange(
  response: Response,
  expected: string,
  file: RemoteFile,
  { hub }: HubAccess,
): Promise<Fault> {
  const range = response.headers.get("content-range");
  await response.body?.cancel();
  const error = new UserError({
    code: "hub",
    problem: `${new URL(hub).host} was asked for ${expected} of ${file.path} and sent ${range}`,
    advice: "try again later, or use another mirror",
  });
  return { error, unranged: true };
}

/**
 * Hands over an answer's bytes as they come, until `take` returns false or the answer ends.
 * @returns what broke the connection, if something did
 * @throws what `take` throws; the signal's reason when cancelled
 */
export async function readBody(
  response: Response,
  take: (chunk: Uint8Array) => Promise<boolean> | boolean,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const reader = response.body!.getReader();
  try {
    for (;;) {
      let chunk: Uint8Array | undefined;
      try {
        chunk = (await reader.read()).value;
      } catch (error) {
        if (signal?.aborted) throw error;
        return error;
      }
      if (chunk === undefined || !(await take(chunk))) break;
    }
  } finally {
    reader.cancel().catch(() => {}); // ends the connection where bytes are still to come
  }
  signal?.throwIfAborted();
  return undefined;
}
