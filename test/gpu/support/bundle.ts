import { dirname, extname, parse } from "node:path";
import { bundlePrograms } from "./bundle.mjs";

/** Bundles one program as `bundlePrograms` does. */
export const bundleProgram = (entry: string, outfile: string) =>
  bundlePrograms({ [parse(outfile).name]: entry }, dirname(outfile), extname(outfile));
