// Loaded before a program that must not outlive what started it (`endsWithParent` in steps.mjs): a Ctrl+C, a kill or a closed
// window may reach the parent alone, on Windows without a word to anybody. Its end is a SIGTERM to this process. That, or another
// signal, ends it in order, so that what it started ends in its `exit` listeners; a program with listeners of its own ends by them.

const LOOK_MS = 500;
const parent = process.ppid; // Windows keeps it when the parent has ended, and other systems give another one

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(1);
  });

function isThere() {
  if (process.ppid !== parent) return false;
  try {
    process.kill(parent, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

const timer = setInterval(() => {
  if (isThere()) return;
  clearInterval(timer);
  process.emit("SIGTERM", "SIGTERM");
}, LOOK_MS);
timer.unref();
