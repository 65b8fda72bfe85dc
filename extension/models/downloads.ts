import * as vscode from "vscode";
import { downloadModel, type Progress, type PulledModel, type PullPlan } from "../../engine/library/index.ts";
import { showProgress } from "../editor/index.ts";
import { percentDone, progressText } from "./download_text.ts";
import type { RunningDownload } from "./list.ts";

const SHOW_MS = 250; // between two lines of progress

export interface DownloadRequest {
  readonly title: string;
  /** What the user agreed to. */
  readonly plan: PullPlan;
  readonly folder: string;
  readonly hub: string;
}

/** Files of a download in the library's folder, as `OWNER/REPO/FILE`. */
export const filesOf = ({ wish, model }: PullPlan): string[] =>
  [...model.parts, ...model.companions, ...model.spare].map(({ path }) => `${wish.repository}/${path}`);

export type Outcome =
  | { readonly kind: "done"; readonly model: PulledModel }
  /** By the user; what came stays, and the next download of it continues from there. */
  | { readonly kind: "stopped"; readonly bytesDone: number }
  | { readonly kind: "failed"; readonly error: unknown };

interface Running extends RunningDownload {
  bytesDone: number;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** The downloads of this window. Disposing stops them. */
export function createDownloads() {
  const changed = new vscode.EventEmitter<void>();
  const running = new Set<Running>();

  async function pull(
    { title, plan, folder, hub }: DownloadRequest,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    token: vscode.CancellationToken,
  ): Promise<Outcome> {
    const controller = new AbortController();
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const one: Running = {
      title,
      names: filesOf(plan),
      bytesDone: 0,
      bytesTotal: plan.model.bytes,
      controller,
      ended,
    };
    const listener = token.onCancellationRequested(() => controller.abort());
    let shownAt = Number.NEGATIVE_INFINITY;
    let shownPercent = 0;
    const onProgress = (now: Progress): void => {
      one.bytesDone = now.bytesDone;
      if (performance.now() - shownAt < SHOW_MS) return;
      shownAt = performance.now();
      const percent = (100 * now.bytesDone) / Math.max(1, now.bytesTotal);
      progress.report({
        message: progressText(now),
        increment: Math.max(0, percent - shownPercent), // the bar cannot go back
      });
      shownPercent = Math.max(shownPercent, percent);
      changed.fire();
    };
    running.add(one);
    changed.fire();
    try {
      // The editor's own fetch: it knows the proxy and the certificates of the editor's settings.
      const options = { hub, fetch: globalThis.fetch, signal: controller.signal, onProgress };
      return { kind: "done", model: await downloadModel(plan, folder, options) };
    } catch (error) {
      return controller.signal.aborted
        ? { kind: "stopped", bytesDone: one.bytesDone }
        : { kind: "failed", error };
    } finally {
      listener.dispose();
      running.delete(one);
      changed.fire();
      end();
    }
  }

  return {
    get running(): readonly RunningDownload[] {
      return [...running];
    },
    /** For the status bar; null while nothing is downloaded. */
    get summary(): string | null {
      const all = [...running].map((one) => `${one.title}, ${percentDone(one)}`);
      return all.length > 0 ? all.join("; ") : null;
    },
    /** A download began, progressed or ended. */
    onChange: changed.event,
    run: (request: DownloadRequest): Thenable<Outcome> =>
      showProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: `Downloading ${request.title}`,
          cancellable: true,
        },
        (progress, token) => pull(request, progress, token),
      ),
    /** Resolves when its files are free. */
    async stop(download: RunningDownload): Promise<void> {
      const one = [...running].find((it) => it === download);
      one?.controller.abort();
      await one?.ended;
    },
    dispose(): void {
      for (const { controller } of running) controller.abort();
      changed.dispose();
    },
  };
}

export type Downloads = ReturnType<typeof createDownloads>;
