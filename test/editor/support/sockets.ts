// Which sockets a session opens: the kernel's tables, joined with the descriptors of our processes (Linux only).
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { processTree } from "./processes.ts";

const EVERY_MS = 200;

const TABLES = ["tcp", "tcp6", "udp", "udp6"];

/** Looks at the sockets of `root` and all that it started until stopped; collects those that lead out of this machine. */
export function watchSockets(root: number): { strangers: ReadonlySet<string>; stop(): void } {
  const strangers = new Set<string>();
  if (process.platform !== "linux") return { strangers, stop() {} };
  const look = () => {
    const owners = socketOwners(processTree(root));
    for (const socket of openSockets()) {
      const owner = owners.get(socket.inode);
      if (owner && !staysHere(socket) && !isBrowserProbe(socket, owner))
        strangers.add(`${socket.protocol} ${socket.local} → ${socket.remote}: ${owner}`);
    }
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    strangers,
    stop() {
      clearInterval(timer);
    },
  };
}

export interface Socket {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string;
  readonly inode: string;
}

/** `text` is a table such as /proc/net/tcp6: addresses in hexadecimal, each word of 32 bits little-endian. */
export function parseSockets(protocol: string, text: string): Socket[] {
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/);
      return { protocol, local: address(local), remote: address(remote), inode };
    });
}

function address(field: string): string {
  const [hex = "", port = ""] = field.split(":");
  const bytes = Buffer.from(hex, "hex");
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  const mapped =
    bytes.length === 16 && bytes.subarray(0, 12).equals(Buffer.from(`${"00".repeat(10)}ffff`, "hex"));
  const short = bytes.length === 4 || mapped;
  const name = short
    ? [...bytes.subarray(-4)].join(".")
    : (bytes.toString("hex").match(/.{4}/g) ?? []).join(":");
  return `${name}:${Number.parseInt(port, 16)}`;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|0000(:0000){6}:0001):/;
const UNSET = /^(0\.0\.0\.0|0000(:0000){7}):/;

/** A socket without a peer is fine on loopback, and while it waits, bound to nothing, for one. */
export function staysHere({ protocol, local, remote }: Socket): boolean {
  if (!UNSET.test(remote)) return LOOPBACK.test(remote);
  return LOOPBACK.test(local) || (protocol.startsWith("udp") && UNSET.test(local)) || /:0$/.test(local);
}

/** Chromium asks its system whether it has a route for IPv6, by a UDP socket to this address; nothing is sent. */
export const isBrowserProbe = ({ protocol, remote }: Socket, owner: string): boolean =>
  protocol === "udp6" &&
  remote === "2001:4860:4860:0000:0000:0000:0000:8888:443" &&
  /chrom.*NetworkService/.test(owner);

export function openSockets(): Socket[] {
  return TABLES.flatMap((name) => {
    try {
      return parseSockets(name, readFileSync(`/proc/net/${name}`, "utf8"));
    } catch {
      return []; // a kernel without IPv6
    }
  });
}

/** Inode → the process that holds it. */
export function socketOwners(pids: readonly number[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const pid of pids) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode)
          owners.set(inode, readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200));
      }
    } catch {
      // The process ended while we looked.
    }
  }
  return owners;
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
