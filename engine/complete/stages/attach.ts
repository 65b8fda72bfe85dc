import type { Running } from "../running.ts";
import { type Asked, next, type Outcome } from "./stage.ts";

export interface AttachTouches {
  readonly running: Pick<Running, "attach" | "abort">;
}

/** Joins the decode that runs if what was typed agrees with it, and ends it if not. */
export function attach(asked: Asked, { running }: AttachTouches): Outcome {
  const decode = running.attach(asked.stand);
  if (decode) return next({ ...asked, decode, source: "attached" });
  running.abort();
  return next(asked);
}
