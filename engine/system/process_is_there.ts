/** Whether a process with this id runs, whoever started it. */
export function processIsThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's: so it is there
  }
}
