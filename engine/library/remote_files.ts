import type { RemoteFiles } from "../contract/index.ts";
import { UserError } from "../errors/index.ts";
import type { HubAccess } from "./hub.ts";
import { type Fault, otherRange, persist, type RemoteFile, readBody, request } from "./transfer.ts";

/** What is asked for first. A vocabulary of 250,000 tokens with its merges takes eleven times as much. */
const firstBytes = 2 ** 20;
/** Of one file, at most. */
const mostBytes = 64 * 2 ** 20;
const retryMs: readonly number[] = [1000, 2000, 4000];

/** The server sends whole files only, and what is wanted lies too far behind. */
export class WithoutRanges extends UserError {}

/**
 * Files of a repository that are read without being downloaded: by ranges, and from a server that knows none by reading
 * as far as needed and breaking off. What came stays in memory.
 * @param nameOf what sentences call a file; `read` takes it
 */
export function remoteFiles(
  files: readonly RemoteFile[],
  nameOf: (file: RemoteFile) => string,
  access: HubAccess,
  options: { readonly retryMs?: readonly number[] | undefined } = {},
): RemoteFiles & { readonly opened: ReadonlySet<string> } {
  const readers = new Map(
    files.map((file) => [nameOf(file), createReader(file, access, options.retryMs ?? retryMs)]),
  );
  const opened = new Set<string>();
  return {
    files: files.map((file) => ({ path: nameOf(file), size: file.bytes })),
    opened,
    read(name, offset, length) {
      opened.add(name);
      return readers.get(name)!(offset, length);
    },
  };
}

/** Keeps the start of a file, which grows as it is read on; what lies behind it is asked for piece by piece. */
function createReader(file: RemoteFile, access: HubAccess, retryMs: readonly number[]) {
  let start = new Uint8Array(0);
  let budget = mostBytes;
  let ranged = true;

  async function fetchBytes(from: number, to: number): Promise<Uint8Array> {
    if (to - from > budget) {
      throw new UserError({
        code: "model-unsupported",
        problem: `${file.path} takes more than ${mostBytes / 2 ** 20} MiB to say what it is, and no model that runs here does`,
        advice: "choose another file",
      });
    }
    const target = new Uint8Array(to - from);
    let done = 0;
    const take = async (withRange: boolean): Promise<Fault | undefined> => {
      const result = await takeOnce(file, from + done, target.subarray(done), withRange, access);
      done += result.done;
      return result.fault;
    };
    const attempt = async (): Promise<Fault | undefined> => {
      const before = done;
      const fault = await take(ranged);
      if (!fault || !ranged || (done > before && !fault.unranged)) return fault;
      // A server or a proxy may refuse ranges, or break off on one, and serve the file.
      if (fault.unranged) ranged = false;
      else if (from > mostBytes) return fault;
      return take(false);
    };
    await persist(attempt, () => done, retryMs, access.signal);
    budget -= target.length;
    return target;
  }

  return async (offset: number, length: number): Promise<Uint8Array> => {
    const end = offset + length;
    if (offset > start.length) return fetchBytes(offset, end);
    if (end > start.length) {
      // Twice as much each time: few requests, and at most as many bytes again as are needed.
      const wished = Math.max(end, firstBytes, 2 * start.length);
      const to = Math.min(file.bytes, Math.max(end, Math.min(wished, start.length + budget)));
      const more = await fetchBytes(start.length, to);
      const both = new Uint8Array(to);
      both.set(start);
      both.set(more, start.length);
      start = both;
    }
    return start.subarray(offset, end);
  };
}

/** One request. What comes is put into `target`; `done`: how many bytes that were. */
async function takeOnce(
  file: RemoteFile,
  from: number,
  target: Uint8Array,
  withRange: boolean,
  access: HubAccess,
): Promise<{ readonly done: number; readonly fault?: Fault | undefined }> {
  const host = new URL(access.hub).host;
  const to = from + target.length;
  if (!withRange && from > mostBytes) throw withoutRanges(file, host);
  const asked = await request(file, withRange ? `bytes=${from}-${to - 1}` : undefined, access);
  if ("error" in asked) return { done: 0, fault: asked };
  const { response } = asked;
  let skip = 0;
  if (response.status === 206) {
    const expected = `bytes ${from}-${to - 1}/${file.bytes}`;
    const [, first, last, size] =
      /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
    // A server may send less than it was asked for.
    const right = Number(first) === from && Number(last) < to && Number(size) === file.bytes;
    if (!right) return { done: 0, fault: await otherRange(response, expected, file, access) };
  } else {
    const wrong = from > mostBytes ? withoutRanges(file, host) : otherContent(response, file, host);
    if (wrong) {
      await response.body?.cancel();
      throw wrong;
    }
    skip = from;
  }
  let done = 0;
  const take = (chunk: Uint8Array): boolean => {
    const own = chunk.subarray(Math.min(skip, chunk.length), skip + target.length - done);
    skip = Math.max(0, skip - chunk.length);
    target.set(own, done);
    done += own.length;
    return done < target.length;
  };
  const cause = await readBody(response, take, access.signal);
  if (done === target.length) return { done };
  const error = new UserError(
    {
      code: "network",
      problem: `The connection to ${host} broke after ${from + done} of the ${to} bytes that were to say what ${file.path} is`,
      advice: "try again",
    },
    { cause },
  );
  return { done, fault: { error } };
}

const withoutRanges = (file: RemoteFile, host: string): WithoutRanges =>
  new WithoutRanges({
    code: "hub",
    problem: `${host} sends only whole files, and a part of ${file.path} was needed`,
    advice: "use another mirror",
  });

/** The error for an answer that is not the file: a page to sign in, say. @param anyLength a listing with another length may be wrong itself */
export function otherContent(
  response: Response,
  file: RemoteFile,
  host: string,
  anyLength = false,
): UserError | undefined {
  const { headers } = response;
  const advice = "check the Hub's address and the proxy, and whether the network wants you to sign in";
  if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) {
    return new UserError({
      code: "hub",
      problem: `${host} sent a web page in place of ${file.path}`,
      advice,
    });
  }
  const length = anyLength ? null : headers.get("content-length");
  if (headers.has("content-encoding") || length === null || Number(length) === file.bytes) return undefined;
  return new UserError({
    code: "hub",
    problem: `${host} sent ${length} bytes in place of ${file.path}, for which the Hub lists ${file.bytes}`,
    advice,
  });
}
