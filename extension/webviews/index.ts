// Pages: statistics, trace, model and device, each a panel with its data pushed to it.
// Start at pages.ts; html.ts builds every page, explain's too, under one content security policy.
// Owns the panels while they are open.
// Promise: a page loads nothing from the network and gets no text of a document but in the trace.
// Must not know: how the numbers are counted.
export { registerPages } from "./pages.ts";
export { openPage } from "./panel.ts";
