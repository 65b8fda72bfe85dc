import MarkdownIt from "markdown-it";
import { withHiddenShown } from "../../words/index.ts";

// No HTML of the model's is let through, links stay text, and images are not fetched: nothing here leaves the page.
const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.validateLink = () => false;
markdown.disable("image");

/** The markup of a model's answer in Markdown: text and its layout, without links, and with hidden characters by name. */
export const answerHtml = (answer: string): string => markdown.render(withHiddenShown(answer));
