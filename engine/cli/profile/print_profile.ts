import { type Choices, mebibytes } from "../../gpu/index.ts";
import { milliseconds, table } from "../commands/index.ts";
import type { ProfileReport } from "./profile_report.ts";
import type { PartProfile, StepProfile } from "./step_profile.ts";
import { totalOf } from "./traffic.ts";

/** Kernels of a step that are listed; the others come as one line. */
const listed = 16;
const barWidth = 40; // characters for the whole step

const percent = (share: number | null): string => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
const gigabytes = (perSecond: number | null): string =>
  perSecond === null ? "–" : `${(perSecond / 1e9).toFixed(2)} GB/s`;
const maybeMs = (ms: number | null): string => (ms === null ? "–" : milliseconds(ms));
const bytes = (count: number): string =>
  count === 0 ? "–" : count < 2 ** 20 ? `${(count / 1024).toFixed(1)} KiB` : mebibytes(count);

/** Prints a profile as tables, with a bar for each part of a step. */
export function printProfile({
  model,
  device,
  context,
  kvType,
  at,
  runs,
  bandwidth,
  steps,
  choices,
  notes,
}: ProfileReport): void {
  console.log(
    `${model} on ${device}; context ${context}, ${kvType} cache, at position ${at}; medians of ${runs} runs`,
  );
  if (bandwidth) {
    console.log(
      `Memory reads at ${gigabytes(bandwidth.bytesPerSecond)}: one kernel over ${mebibytes(bandwidth.bytes)}, by the ${bandwidth.clock === "gpu" ? "GPU's" : "host's"} clock. “Of it” is a share of that: kernels whose weights stay in a cache can pass 100 %.`,
    );
  }
  for (const note of notes) console.log(note);
  for (const [name, choice] of Object.entries(choices)) console.log(choiceText(name, choice));
  for (const step of steps) console.log(`\n${stepText(step)}`);
  console.log(
    "\nBytes: weights, keys and values in use, and states, each once; activations are not counted. Each kernel is timed in a pass of its own.",
  );
}

/** What was chosen, and how much longer the others take. */
export function choiceText(name: string, { value, ms }: Choices[string]): string {
  const least = ms[value]!;
  const others = Object.entries(ms)
    .filter(([other]) => other !== value)
    .map(([other, took]) => `${other} ${took < least ? "" : "+"}${(100 * (took / least - 1)).toFixed(1)} %`);
  return `Chosen, ${name}: ${value} (${milliseconds(least)}; ${others.join(", ")})`;
}

/** A step in words, a table of its kernels, and the bars of its parts. */
export function stepText(step: StepProfile): string {
  const { name, at, dispatches, gpuMs, kernelsMs, wallMs, host, traffic } = step;
  const times = [
    ...(gpuMs === null ? [] : [`${milliseconds(gpuMs)} on the GPU`]),
    ...(kernelsMs === null ? [] : [`${milliseconds(kernelsMs)} with a pass for each kernel`]),
    ...(wallMs === null ? [] : [`${milliseconds(wallMs)} until the host knows`]),
  ];
  const rate =
    step.bytesPerSecond === null
      ? ""
      : ` (${gigabytes(step.bytesPerSecond)}${step.ofBandwidth === null ? "" : `, ${percent(step.ofBandwidth)} of the bandwidth`})`;
  const lines = [
    `${name} at ${at}: ${dispatches} dispatches, ${times.join(", ") || "not timed"}`,
    `${bytes(totalOf(traffic))} moved${rate}: weights ${bytes(traffic.weights)}, keys and values ${bytes(traffic.kv)}, states ${bytes(traffic.state)}`,
    `host: ${host.encodeMicroseconds.toFixed(0)} µs to encode, ${host.submitMicroseconds.toFixed(0)} µs to submit`,
    table([
      ["kernel", "weights", "part", "n", "time", "share", "bytes", "", "of it"],
      ...step.kernels
        .slice(0, listed)
        .map((it) => [
          it.kernel,
          it.tensor ?? "–",
          it.part,
          String(it.count),
          maybeMs(it.ms),
          percent(it.share),
          bytes(totalOf(it.traffic)),
          gigabytes(it.bytesPerSecond),
          percent(it.ofBandwidth),
        ]),
      ...others(step),
    ]),
    ...bars(step.parts),
  ];
  return lines.join("\n");
}

function others({ kernels, kernelsMs }: StepProfile): string[][] {
  const rest = kernels.slice(listed);
  if (rest.length === 0) return [];
  const count = rest.reduce((sum, kernel) => sum + kernel.count, 0);
  const ms = kernelsMs === null ? null : rest.reduce((sum, kernel) => sum + kernel.ms!, 0);
  const share = ms === null || !kernelsMs ? null : ms / kernelsMs;
  return [[`${rest.length} others`, "", "", String(count), maybeMs(ms), percent(share)]];
}

/** A bar for each part, as long as its share of the step's time. */
function bars(parts: readonly PartProfile[]): string[] {
  if (parts.every(({ share }) => share === null)) return [];
  const width = Math.max(...parts.map(({ part }) => part.length));
  return parts.map(({ part, share, ms, count }) => {
    const bar = "█".repeat(Math.round((share ?? 0) * barWidth)) || "▏";
    return `  ${part.padEnd(width)}  ${percent(share).padStart(7)}  ${bar}  ${maybeMs(ms)}, ${count} ${count === 1 ? "dispatch" : "dispatches"}`;
  });
}
