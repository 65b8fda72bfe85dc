import { test } from "vitest";
import { openGpu, PlanRecorder } from "../../engine/gpu/index.ts";
import { recordMatmul } from "../../engine/model/matmul.ts";
import { seededRandom } from "../reference/random.ts";
import { TestBed, withLanes } from "./support/test_bed.ts";
import { loadMatrix } from "./support/weights_file.ts";

test("time", async () => {
  for (const safe of [true])
    for (const device of ["lavapipe"]) {
      const bed = new TestBed(await openGpu({ device, safe }));
      for (const type of ["Q8_0", "Q3_K"] as const) {
        const { matrix } = await loadMatrix(bed, 1280, [{ type, rows: 37 }], seededRandom(1));
        for (const [kind, width, lanes] of [
          ["rows", 1, 1],
          ["rows", 4, 1],
          ["rows", 64, 1],
          ["rows", 1, 8],
          ["rows", 4, 8],
          ["rows", 64, 8],
          ["prompt", 64, 1],
        ] as const) {
          const c0 = process.cpuUsage();
          const t0 = performance.now();
          const rec = new PlanRecorder(lanes > 1 ? withLanes(bed.gpu) : bed.gpu);
          const x = bed.poisoned(65 * 1280),
            out = bed.poisoned(65 * 1280);
          recordMatmul(rec, { kind, width }, matrix, bed.step, { x, out });
          const plan = await rec.finish();
          const c = process.cpuUsage(c0);
          const t1 = performance.now();
          bed.setStep(0, 1);
          bed.execute(plan);
          await bed.gpu.idle();
          const c2 = process.cpuUsage(c0);
          console.log(
            device,
            safe ? "safe" : "fast",
            type,
            kind,
            width,
            lanes,
            "compile cpu",
            ((c.user + c.system) / 1000).toFixed(0),
            "wall",
            (t1 - t0).toFixed(0),
            "first run cpu",
            ((c2.user + c2.system - c.user - c.system) / 1000).toFixed(0),
          );
        }
      }
      bed.gpu.close();
    }
});
