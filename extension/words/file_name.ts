/** The last part of a path, or of a name with slashes. */
export const baseName = (path: string): string => path.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");
