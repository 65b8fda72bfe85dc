// The only place that shows notifications: what they say may name things that others have chosen.
import * as vscode from "vscode";

/**
 * VS Code makes links of `[…](…)` in a notification, to commands too, and names, paths and answers in it are of repositories, model files
 * and models.
 */
const unlinked = (text: string): string => text.replaceAll("](", "] (");

type Rest = string[] | [options: vscode.MessageOptions, ...items: string[]];
type Show = (message: string, ...rest: Rest) => Thenable<string | undefined>;

const shown =
  (kind: "showInformationMessage" | "showWarningMessage" | "showErrorMessage"): Show =>
  (message, ...rest) =>
    (vscode.window[kind] as Show)(unlinked(message), ...rest);

/** As VS Code's own; text in it is never a link. */
export const showInformation = shown("showInformationMessage");
export const showWarning = shown("showWarningMessage");
export const showError = shown("showErrorMessage");

/** As `vscode.window.withProgress`; text in it is never a link. */
export const showProgress: typeof vscode.window.withProgress = (options, task) => {
  const title = options.title === undefined ? {} : { title: unlinked(options.title) };
  return vscode.window.withProgress({ ...options, ...title }, (progress, token) =>
    task(
      {
        report: ({ message, ...step }) =>
          progress.report({ ...step, ...(message !== undefined && { message: unlinked(message) }) }),
      },
      token,
    ),
  );
};
