import type { Running } from "../running.ts";
import { type Asked, next, type Outcome } from "./stage.ts";

export interface AttachTouches {
  readonly running: Pick<Running, "attach" | "abort">;
}

/** Joins the running decode if what the user typed agrees with it, and aborts it if not. */
export function attach(asked: Asked, { running }: AttachTouches): Outcome {
  const decode = running.attach(asked);
  if (decode) return next({ ...asked, decode, source: "attached" });
  running.abort();
  return next(asked);
}
