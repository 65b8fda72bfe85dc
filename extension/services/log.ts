import * as vscode from "vscode";

/** The log. The editor's own throws once it is closed; what still runs when the window ends tells nobody, and fails at nothing. */
export function openLog(): vscode.LogOutputChannel {
  const channel = vscode.window.createOutputChannel("Foretype", { log: true });
  let isOpen = true;
  const close = () => {
    isOpen = false;
    channel.dispose();
  };
  return new Proxy(channel, {
    get(_, name) {
      const member: unknown = Reflect.get(channel, name);
      if (name === "dispose") return close;
      if (typeof member !== "function") return member;
      return (...all: unknown[]): unknown => (isOpen ? member.apply(channel, all) : undefined);
    },
  });
}
