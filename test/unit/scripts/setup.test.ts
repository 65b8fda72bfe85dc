import { expect, test } from "vitest";
import { parseSources, releaseSources } from "../../../scripts/setup/apt.mjs";
import { missingPackages } from "../../../scripts/setup/packages.mjs";
import { stopFor } from "../../../scripts/steps.mjs";

const deb822 = `
# comment
Types: deb deb-src
# the archive of a day
URIs: http://packages.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://packages.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://vendor.example/node
Suites: nodistro
Components: main
`;

test("deb822 sources: the release with its backports, no other vendor, keys kept", () => {
  expect(releaseSources(parseSources(deb822), "bookworm", true)).toBe(`Types: deb
URIs: http://packages.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main
Targets: Packages
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://packages.example/debian-security
Suites: bookworm-security
Components: main
Targets: Packages
Signed-By: -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGPL
 -----END PGP PUBLIC KEY BLOCK-----`);
});

test("one-line sources: options, comments and source packages", () => {
  const text = `# deb http://off.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg,/usr/share/keyrings/b.gpg] http://packages.example/ubuntu noble main universe
deb-src http://packages.example/ubuntu noble main
deb http://packages.example/ubuntu noble-updates restricted
deb https://vendor.example/linux/debian noble stable
deb [trusted=yes] http://local.example/ noble-security main
`;
  expect(releaseSources(parseSources(text), "noble", false)).toBe(`Types: deb
URIs: http://packages.example/ubuntu
Suites: noble
Components: main universe
Targets: Packages
Signed-By: /usr/share/keyrings/a.gpg /usr/share/keyrings/b.gpg

Types: deb
URIs: http://local.example/
Suites: noble-security
Components: main
Targets: Packages
Trusted: yes`);
});

const lock = {
  packages: {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/a-linux-x64": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"] },
    "node_modules/a-darwin-arm64": { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["arm64"] },
  },
};
const linux = { platform: "linux", arch: "x64" };
const mac = { platform: "darwin", arch: "arm64" };
const installed = {
  packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/a-linux-x64": { version: "1.0.0" } },
};

test("an installation for this machine misses nothing; one from another machine misses its binaries", () => {
  expect(missingPackages(lock, installed, linux)).toEqual([]);
  expect(missingPackages(lock, installed, mac).map(([path]) => path)).toEqual([
    "node_modules/a-darwin-arm64",
  ]);
});

test("what only a left-out build depends on is not missed, what others need is", () => {
  const wasm = { version: "1.0.0", optional: true };
  const more = {
    packages: {
      ...lock.packages,
      "node_modules/a-wasm32": { ...wasm, cpu: ["wasm32"], dependencies: { runtime: "1" } },
      "node_modules/runtime": { ...wasm, dependencies: { "@scope/util": "1" } },
      "node_modules/@scope/util": wasm,
    },
  };
  expect(missingPackages(more, installed, linux)).toEqual([]);
  const used = { ...more.packages, "node_modules/b": { version: "1.0.0", dependencies: { runtime: "1" } } };
  const needed = missingPackages({ packages: used }, installed, linux).map(([path]) => path);
  expect(needed).toEqual(["node_modules/runtime", "node_modules/@scope/util", "node_modules/b"]);
});

test("another version and no installation at all are noticed", () => {
  const older = { packages: { ...installed.packages, "node_modules/a": { version: "0.9.0" } } };
  expect(missingPackages(lock, older, linux)).toHaveLength(1);
  expect(missingPackages(lock, undefined, linux)).toHaveLength(2);
});

const failures: readonly (readonly [says: string, sentence: RegExp])[] = [
  ["npm error code ENOTFOUND\nnpm error network request failed", /no answer from the network \(ENOTFOUND\)/],
  ["E: Failed to fetch x  Temporary failure resolving 'host'", /no answer from the network/],
  ["npm error code ENOSPC\nnpm error ENOSPC: no space left on device", /disk is full/],
  ["reading\nE: Unable to locate package mesa", /npm failed: E: Unable to locate package mesa/],
];
for (const [says, sentence] of failures) {
  test(`a failed step says what to do: ${says.split("\n")[0]}`, () => {
    expect(stopFor("npm", says).message).toMatch(sentence);
  });
}
