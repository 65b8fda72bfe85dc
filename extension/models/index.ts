// Models: the list of installed ones and those to get, downloads, and what each model is for.
// Start at manage.ts: it shows list.ts's rows and does what was picked.
// Owns the downloads of this window; they end with it, and continue later from their partial files.
// Promise: nothing goes to the network before the user picks an entry that says so (I8), and no file outside of the folder is deleted.
// Must not know: how a download works, or a model.
export { createDownloads, type Downloads } from "./downloads.ts";
export { manageModels } from "./manage.ts";
export { offerChatModel } from "./offer_chat_model.ts";
export { type ModelTrouble, modelTrouble } from "./roles.ts";
