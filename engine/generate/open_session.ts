import type { DraftMode } from "../draft/index.ts";
import { UserError } from "../errors/index.ts";
import type { Gpu } from "../gpu/index.ts";
import type { Hyperparameters, Model } from "../model/index.ts";
import { chooseRollback, createRollback, defaultPlanes, type RollbackName } from "../state/index.ts";
import type { Tokenizer } from "../text/index.ts";
import { defaultSnapshotBytes, draftsPay } from "./options.ts";
import { Session } from "./session.ts";

export interface SessionSettings {
  readonly context: number;
  readonly kvType: "f16" | "f32";
  /** What drafts. */
  readonly drafts: DraftMode;
  /** Longest draft; default: what the way of rolling back allows. */
  readonly longest?: number | undefined;
  readonly rollback?: RollbackName | "auto" | undefined;
  /** Bytes for states of earlier prompts. Default: 512 MiB, or half of what is free. */
  readonly snapshotBytes?: number | undefined;
  /** Whether the MTP block runs beside the trunk even without drafts, for its logits. */
  readonly mtp?: boolean | undefined;
}

/** What a session needs memory for, as `memoryNeeds` takes it. */
export function needsOf(gpu: Gpu | undefined, h: Hyperparameters, settings: SessionSettings) {
  const { context, kvType, drafts, rollback } = settings;
  const active = gpu ? draftsPay(gpu, drafts) : drafts !== "off";
  const strategy = createRollback(rollback === "auto" ? "tape" : (rollback ?? "tape"), planesFor(settings));
  const mtp = settings.mtp === true || (active && drafts !== "ngram" && h.mtpLayers > 0);
  const longest = active ? Math.min(strategy.draftLimit, settings.longest ?? strategy.draftLimit) : 0;
  return { context, kvType, mtp, rollback: strategy, longest };
}

const planesFor = ({ longest }: SessionSettings): number =>
  longest === undefined ? defaultPlanes : longest + 1;

/**
 * A session with the drafts that are asked for, and the rollback strategy that is fastest here.
 * @throws UserError when the MTP block is to draft and the model has none
 */
export async function openSession(
  gpu: Gpu,
  model: Model,
  tokenizer: Tokenizer,
  settings: SessionSettings,
): Promise<Session> {
  const { context, kvType, drafts, longest, rollback = "auto", mtp = false } = settings;
  if (drafts === "mtp" && !model.mtp) {
    throw new UserError({
      code: "model-role",
      problem: "This model has no MTP block to draft with",
      advice: "choose --draft ngram, or a file with MTP in its name",
    });
  }
  const chosen =
    rollback !== "auto" ? rollback : draftsPay(gpu, drafts) ? await chooseRollback(gpu, model.h) : "tape";
  const ends = new Map<number, boolean>();
  const isLineEnd = (id: number): boolean => {
    let end = ends.get(id);
    if (end === undefined) {
      end = tokenizer.piece(id).includes("\n");
      ends.set(id, end);
    }
    return end;
  };
  return new Session(gpu, model, {
    context,
    kvType,
    mtp,
    rollback: chosen,
    planes: planesFor(settings),
    snapshotBytes: settings.snapshotBytes ?? Math.min(defaultSnapshotBytes, Math.max(0, gpu.freeBytes / 2)),
    drafts: { mode: drafts, longest, isLineEnd, specialIds: tokenizer.specialIds },
  });
}
