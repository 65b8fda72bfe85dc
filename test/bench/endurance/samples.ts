import { lineOf } from "../plot/line.ts";
import type { Curve } from "../plot/plot.ts";
import type { EngineMemory, Memory } from "./memory.ts";

/** What both processes hold, after a recording. */
export interface Sample {
  /** Of typing. */
  readonly hours: number;
  /** How often all recordings were played before. */
  readonly round: number;
  readonly host: Memory;
  readonly engine: EngineMemory;
}

export const MB = 1e6; // bytes

export const totalOf = (gpu: EngineMemory["gpu"]): number =>
  Object.values(gpu).reduce((sum, it) => sum + it, 0);

const handles = "handles";

/** Each quantity, bytes in MB, and its slope in the second half, from the means of rounds: in the first one caches fill. */
export function curvesOf(all: readonly Sample[]): Curve[] {
  const warm = all.at(-1)!.hours / 2;
  const categories = Object.keys(all.at(-1)!.engine.gpu).filter((name) =>
    all.some(({ engine }) => (engine.gpu[name] ?? 0) > 0),
  );
  const ofHost: Record<string, (one: Sample) => number> = {
    "host, heap": ({ host }) => host.heap,
    "host, heap but for compiled code": ({ host }) => host.heap - host.code,
    "host, outside of the heap": ({ host }) => host.external,
    "host, resident": ({ host }) => host.resident,
    "host, open": ({ host }) => host.handles,
  };
  // A scripted engine holds nothing on a GPU, and what it holds else says nothing.
  const ofEngine: Record<string, (one: Sample) => number> =
    categories.length > 0
      ? {
          "engine, heap": ({ engine }) => engine.heap,
          "engine, heap but for compiled code": ({ engine }) => engine.heap - engine.code,
          "engine, outside of the heap": ({ engine }) => engine.external,
          "engine, resident (on a CPU device the GPU's too)": ({ engine }) => engine.resident,
          "engine, open": ({ engine }) => engine.handles,
          "GPU, all": ({ engine }) => totalOf(engine.gpu),
          ...Object.fromEntries(
            categories.map((name) => [`GPU, ${name}`, ({ engine }: Sample) => engine.gpu[name] ?? 0]),
          ),
        }
      : {};
  return Object.entries({ ...ofHost, ...ofEngine }).map(([name, of]) => {
    const unit = name.endsWith(", open") ? handles : "MB";
    const size = unit === "MB" ? MB : 1;
    const rounds = new Map<number, [hours: number, value: number][]>();
    for (const one of all) {
      if (one.hours < warm) continue;
      const mine = rounds.get(one.round) ?? [];
      rounds.set(one.round, [...mine, [one.hours, of(one) / size]]);
    }
    const means = [...rounds.values()].map((points) => {
      const mean = (i: 0 | 1) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
      return [mean(0), mean(1)] as const;
    });
    return {
      name,
      unit,
      xUnit: "h",
      points: all.map((one) => [one.hours, of(one) / size] as const),
      line: means.length > 2 ? lineOf(means) : undefined,
    };
  });
}
