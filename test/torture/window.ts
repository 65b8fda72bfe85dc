// A window that counts suggestions and stores them, until it is killed. Says how many it has stored. Argument: the folder.
import { isStoredMetrics } from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";
import { createSharedMetrics } from "../../extension/statistics/shared_metrics.ts";
import { createStore } from "../../extension/statistics/store.ts";

const log = (sentence: string) => process.send!({ sentence });
const store = createStore({
  folder: process.argv[2]!,
  isSound: isStoredMetrics,
  log: (_, sentence) => log(sentence),
});
const shared = createSharedMetrics({ ...store, onChange: () => {}, log, clock: systemClock });
process.on("disconnect", () => process.exit(0));
for (let id = 1; ; id++) {
  shared.metrics.lifecycle({ kind: "shown", id, languageId: "go", atMs: 0 });
  process.send!({ counted: id });
  await shared.leave();
  process.send!({ stored: id });
}
