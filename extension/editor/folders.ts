/** A folder of the workspace: its name, and its path with forward slashes. */
export interface Folder {
  readonly name: string;
  readonly path: string;
}

export interface PathInWorkspace {
  /** With forward slashes: within its folder; after the folder's label where there are several; whole, outside of any. */
  readonly path: string;
  /** The label that `path` begins with. */
  readonly folder?: string;
}

/** Where a path lies in a workspace: in the innermost folder that has it. */
export function pathInWorkspace(path: string, folders: readonly Folder[]): PathInWorkspace {
  const [home] = folders
    .filter((folder) => path.startsWith(within(folder)))
    .sort((a, b) => b.path.length - a.path.length);
  if (!home) return { path };
  const rest = path.slice(within(home).length);
  if (folders.length === 1) return { path: rest };
  const folder = labelOf(home, folders);
  return { path: `${folder}/${rest}`, folder };
}

const within = ({ path }: Folder): string => (path.endsWith("/") ? path : `${path}/`);

/** The folder's name, with as many of the folders above it as tell it from another of that name. */
function labelOf(folder: Folder, folders: readonly Folder[]): string {
  const others = folders.filter((one) => one !== folder && one.name === folder.name);
  if (others.length === 0) return folder.name;
  const parts = partsOf(folder);
  for (let length = 2; length < parts.length; length++) {
    const label = parts.slice(-length).join("/");
    if (others.every((one) => partsOf(one).slice(-length).join("/") !== label)) return label;
  }
  return parts.join("/");
}

const partsOf = ({ path }: Folder): string[] => path.split("/").filter(Boolean);
