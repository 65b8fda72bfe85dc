/**
 * Text for a notification. VS Code makes links of `[…](…)` in it, to commands too, and names, paths and answers in it are of repositories,
 * model files and models: none of them may have one.
 */
export const unlinked = (text: string): string => text.replaceAll("](", "] (");
