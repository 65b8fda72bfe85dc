// Kinds of what the program reads from files, each with sound inputs, ways to change them, and what must hold of each reading.
import type { Kind } from "../kind.ts";
import { templates } from "./chat_templates.ts";
import { downloadRecords, listings, lostDevices } from "./downloads.ts";
import { recordings, settings, speedReports, statistics } from "./json_kinds.ts";
import { mtpFiles, singleFiles, splitFiles } from "./model_files.ts";

/** All kinds by their names; each is made when it is wanted. `quick`: of fewer sound inputs, which take less time to make. */
export const kinds: Readonly<Record<string, (quick: boolean) => Kind | Promise<Kind>>> = {
  "model files": singleFiles,
  "split models": splitFiles,
  "MTP files": mtpFiles,
  "chat templates": templates,
  listings,
  "download records": downloadRecords,
  recordings,
  settings,
  statistics,
  "speed reports": speedReports,
  "lost devices": lostDevices,
};
