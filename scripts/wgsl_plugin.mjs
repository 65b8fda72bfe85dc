import { readFileSync } from "node:fs";

/**
 * Lets vitest import a `.wgsl` file as a string, as esbuild's text loader does for the bundle.
 * @returns {import("vite").Plugin}
 */
export const wgsl = () => ({
  name: "wgsl",
  enforce: "pre",
  load(id) {
    if (!id.endsWith(".wgsl")) return undefined;
    return `export default ${JSON.stringify(readFileSync(id, "utf8"))};`;
  },
});
