import type { Choices } from "../../gpu/index.ts";
import type { Bandwidth } from "./bandwidth.ts";
import type { StepProfile } from "./step_profile.ts";

/** What `profile --json` prints. */
export interface ProfileReport {
  readonly model: string;
  readonly device: string;
  readonly context: number;
  readonly kvType: "f16" | "f32";
  /** Positions before the passes; before the prompt's piece those of the grid at or below. */
  readonly at: number;
  readonly runs: number;
  /** Null: there was no memory for a buffer to measure with. */
  readonly bandwidth: Bandwidth | null;
  readonly steps: readonly StepProfile[];
  /** Variants of kernels that were measured on this device: the quickest, and milliseconds of each. */
  readonly choices: Choices;
  /** What is missing, whole sentences. */
  readonly notes: readonly string[];
}
