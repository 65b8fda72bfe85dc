import * as vscode from "vscode";
import { showInformation } from "../editor/index.ts";
import type { Services } from "../services/index.ts";

/** Where the chat model has no chat template, offers to choose one that has. @returns whether it had to. */
export async function offerChatModel(services: Services): Promise<boolean> {
  const description = await services.engine.describe("chat");
  if (description.chats) return false;
  const choose = "Choose a Model…";
  const answer = await showInformation(
    `${description.name} completes code, but it cannot hold a conversation. Explain and refactor need a model with a chat template.`,
    choose,
  );
  if (answer === choose) await vscode.commands.executeCommand("foretype.chooseModel", "chat");
  return true;
}
