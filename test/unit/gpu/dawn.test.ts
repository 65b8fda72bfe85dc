import { describe, expect, test } from "vitest";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { isOldDarwin, loadFault, oldMac, type System } from "../../../engine/gpu/dawn.ts";

const on = (platform: NodeJS.Platform, more: Partial<System> = {}): System => ({
  platform,
  arch: "x64",
  missing: [],
  ...more,
});
const said = (message: string, system: System): string | undefined => {
  const fault = loadFault(message, system);
  return fault && sentenceOf(fault);
};

describe("what a system lacks for WebGPU, in one sentence", () => {
  const addon = "/x/node_modules/webgpu/dist/linux-x64/dawn.node";
  const cases: [title: string, message: string, system: System, sentence: RegExp][] = [
    [
      "an old glibc",
      `/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.34' not found (required by ${addon})`,
      on("linux"),
      /^The glibc of this system is too old: GLIBC_2\.34 is missing, and Foretype needs glibc 2\.34 and GLIBCXX_3\.4\.30: use Debian 12, /,
    ],
    [
      "an old libstdc++",
      `/lib64/libstdc++.so.6: version \`GLIBCXX_3.4.30' not found (required by ${addon})`,
      on("linux"),
      /^The libstdc\+\+ of this system is too old: GLIBCXX_3\.4\.30 is missing/,
    ],
    [
      "musl",
      `Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by ${addon})`,
      on("linux"),
      /^The WebGPU library needs glibc and this system has another C library: /,
    ],
    [
      "a missing library on Linux",
      "libstdc++.so.6: cannot open shared object file: No such file or directory",
      on("linux"),
      /^The WebGPU library needs libstdc\+\+\.so\.6, which this system lacks: install the package that has libstdc\+\+\.so\.6\.$/,
    ],
    [
      "Visual C++ missing",
      "\\\\?\\C:\\x\\dawn.node: Das angegebene Modul wurde nicht gefunden.",
      on("win32", { missing: ["MSVCP140.dll", "VCRUNTIME140.dll"] }),
      /^The WebGPU library cannot be loaded \(MSVCP140\.dll, VCRUNTIME140\.dll are missing\): install or update Microsoft's Visual C\+\+ runtime \(https:\/\/aka\.ms\/vc14\/vc_redist\.x64\.exe\), then start again\.$/,
    ],
    [
      "Visual C++ too old, in another language",
      "La procédure spécifiée est introuvable.\r\n\\\\?\\C:\\x\\dawn.node",
      on("win32", { arch: "arm64" }),
      /\(La procédure spécifiée est introuvable\): install or update .*vc_redist\.arm64\.exe/,
    ],
    [
      "a symbol of a newer macOS",
      "dlopen(/x/dawn.node, 0x0001): Symbol not found: _OBJC_CLASS_$_MTLLogStateDescriptor",
      on("darwin"),
      /made for macOS 26: update macOS\.$/,
    ],
    [
      "no build for this system",
      "Cannot find module '/x/node_modules/webgpu/dist/freebsd-x64/dawn.node'",
      on("freebsd"),
      /^There is no WebGPU library for freebsd-x64 here: install /,
    ],
    [
      "a library that was cut off",
      "/x/webgpu/dist/linux-x64/dawn.node: file too short",
      on("linux"),
      /^The WebGPU library cannot be loaded \(file too short\): install Foretype again/,
    ],
  ];
  test.each(cases)("%s", (_, message, system, sentence) => expect(said(message, system)).toMatch(sentence));

  test("an error that is none of these stays a bug", () =>
    expect(loadFault("out of cheese", on("linux"))).toBeUndefined());
});

test("a macOS before 15.4 is refused before anything is loaded", () => {
  expect(["22.6.0", "24.3.0", "24.4.0", "24.10.0", "25.0.0"].map(isOldDarwin)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(sentenceOf(oldMac("23.6.0"))).toMatch(
    /^This macOS is too old \(Darwin 23\.6\.0\): .* before macOS 15\.4: update/,
  );
});
