import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does with one request for bytes instead of serving them; undefined serves them. */
export type Fault =
  | { readonly kind: "cut"; readonly after: number; readonly whole?: boolean } // bytes of the body (of the whole file, whatever the range), then a reset
  | { readonly kind: "stall"; readonly after: number } // bytes of the body, then nothing more comes
  | { readonly kind: "status"; readonly status: number; readonly errorCode?: string }
  | { readonly kind: "whole" } // ignores the range
  | { readonly kind: "breaks-ranges" } // resets the connection where a range is asked for, and serves the file
  | { readonly kind: "half" } // sends half of the range
  | { readonly kind: "length"; readonly says: number } // says another length than that of what it sends
  | { readonly kind: "page" } // a page to sign in
  | { readonly kind: "shifted" } // sends another range than it was asked for
  | undefined;

export interface ServedFile {
  readonly bytes: Uint8Array;
  /** What the listing says, where that is not the truth. */
  readonly listedSha256?: string | null;
  readonly listedBytes?: number;
}

export interface BytesRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** A Hub with one repository, as far as listing and downloading go; bytes come from a second server, as from a CDN. */
export interface HubServer extends AsyncDisposable {
  readonly url: string;
  readonly repository: string;
  /** By path; may be changed between requests. */
  readonly files: Map<string, ServedFile>;
  /** Requests that the CDN got, in order. */
  readonly requests: BytesRequest[];
  /** Asked with the number of each request for bytes, from 0 on. */
  fault: (request: number, path: string, range: string | undefined) => Fault;
  /** Milliseconds between two chunks of 64 KiB. */
  slowMs: number;
  /** Bytes of bodies that connections took, of all requests together. */
  sent: number;
  /** Of the listing; 200 serves it. */
  listing: { status: number; errorCode?: string };
  /** Resolves when bytes have stalled. */
  readonly stalled: Promise<void>;
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const pageLength = 2; // entries, so that every listing has pages

export async function startHub(files: Record<string, Uint8Array>): Promise<HubServer> {
  const repository = "someone/Model-GGUF";
  let stall = () => {};
  const stalled = new Promise<void>((resolve) => {
    stall = resolve;
  });
  const served = new Map(Object.entries(files).map(([path, bytes]) => [path, { bytes } as ServedFile]));
  const requests: BytesRequest[] = [];

  const cdn = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const { range, authorization } = request.headers;
    const fault = hub.fault(requests.length, path, range);
    requests.push({ path, range, authorization });
    const onSent = (bytes: number) => {
      hub.sent += bytes;
    };
    serveBytes(request, response, served.get(path)!.bytes, fault, stall, { onSent, slowMs: hub.slowMs });
  });
  const cdnUrl = await listen(cdn);

  const front = createServer((request, response) => {
    const url = new URL(request.url!, hub.url);
    const tree = `/api/models/${repository}/tree/main`;
    const resolved = `/${repository}/resolve/main/`;
    if (url.pathname === tree) {
      if (hub.listing.status !== 200) return refuse(response, hub.listing.status, hub.listing.errorCode);
      servePage(response, url, hub.url, served);
    } else if (url.pathname.startsWith(resolved)) {
      const path = decodeURIComponent(url.pathname.slice(resolved.length));
      const file = served.get(path);
      if (!file) return refuse(response, 404, "EntryNotFound");
      response.writeHead(302, {
        location: `${cdnUrl}/${encodeURIComponent(path)}`,
        "x-repo-commit": "0".repeat(40),
        "x-linked-etag": `"${sha256(file.bytes)}"`,
        "x-linked-size": file.bytes.length,
      });
      response.end();
    } else refuse(response, 404, "RepoNotFound");
  });
  const hub: HubServer = {
    url: await listen(front),
    repository,
    files: served,
    requests,
    fault: () => undefined,
    sent: 0,
    slowMs: 0,
    listing: { status: 200 },
    stalled,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([close(front), close(cdn)]);
    },
  };
  return hub;
}

function servePage(response: ServerResponse, url: URL, hubUrl: string, files: Map<string, ServedFile>): void {
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const entries = [...files].map(([path, file]) => {
    const size = file.listedBytes ?? file.bytes.length;
    const oid = file.listedSha256 === undefined ? sha256(file.bytes) : file.listedSha256;
    const lfs = oid === null ? {} : { lfs: { oid, size, pointerSize: 134 } };
    return { type: "file", path, size, oid: "1".repeat(40), ...lfs };
  });
  const next = from + pageLength;
  const link = `<${hubUrl}${url.pathname}?cursor=${next}>; rel="next"`;
  response.writeHead(200, { "content-type": "application/json", ...(next < entries.length && { link }) });
  response.end(JSON.stringify(entries.slice(from, next)));
}

function serveBytes(
  request: IncomingMessage,
  response: ServerResponse,
  all: Uint8Array,
  fault: Fault,
  stall: () => void,
  sending: Sending,
): void {
  if (fault?.kind === "status") {
    refuse(response, fault.status, fault.errorCode);
    return;
  }
  if (fault?.kind === "page") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end("<!doctype html><title>Sign in</title>");
    return;
  }
  if (request.headers.range && fault?.kind === "breaks-ranges") {
    request.socket.resetAndDestroy();
    return;
  }
  const etag = `"${sha256(all).slice(0, 32)}"`;
  const { ranged, from, to } = rangeOf(request.headers.range, all.length, fault);
  const bytes = all.subarray(from, to);
  response.writeHead(ranged ? 206 : 200, {
    etag,
    "content-length": fault?.kind === "length" ? fault.says : bytes.length,
    "accept-ranges": "bytes",
    ...(ranged && { "content-range": `bytes ${from}-${to - 1}/${all.length}` }),
  });
  if (fault?.kind === "cut") {
    // Flushed first, so that all bytes before the cut arrive.
    if (fault.after === 0) response.flushHeaders();
    response.write(bytes.subarray(0, fault.after), () => response.destroy());
  } else if (fault?.kind === "stall") {
    response.write(bytes.subarray(0, fault.after), stall);
  } else sendAll(response, bytes, sending);
}

/** What is sent of `size` bytes for this range. */
function rangeOf(header: string | undefined, size: number, fault: Fault) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? "") ?? [];
  const isIgnored = fault?.kind === "whole" || (fault?.kind === "cut" && fault.whole);
  if (first === undefined || isIgnored) return { ranged: false, from: 0, to: size };
  const shift = fault?.kind === "shifted" ? (Number(first) > 0 ? -1 : 1) : 0;
  const from = Number(first) + shift;
  const to = last ? Math.min(size, Number(last) + 1) : size;
  return { ranged: true, from, to: fault?.kind === "half" ? from + Math.ceil((to - from) / 2) : to };
}

const chunkBytes = 64 * 1024;

interface Sending extends Pick<HubServer, "slowMs"> {
  readonly onSent: (bytes: number) => void;
}

/** No faster than the connection takes it, so that what a client leaves unread is not counted. */
function sendAll(response: ServerResponse, bytes: Uint8Array, sending: Sending, from = 0): void {
  for (let at = from; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    sending.onSent(chunk.length);
    const next = () => sendAll(response, bytes, sending, at + chunkBytes);
    const nextSlowly = () => void setTimeout(next, sending.slowMs);
    if (!response.write(chunk)) response.once("drain", sending.slowMs > 0 ? nextSlowly : next);
    else if (sending.slowMs > 0) nextSlowly();
    else continue;
    return;
  }
  response.end();
}

function refuse(response: ServerResponse, status: number, errorCode?: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    ...(errorCode && { "x-error-code": errorCode }),
  });
  response.end(JSON.stringify({ error: "refused" }));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
