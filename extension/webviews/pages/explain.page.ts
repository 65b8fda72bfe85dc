import { withHiddenShown } from "../../words/index.ts";
import { answerHtml } from "./answer_html.ts";
import { button, el, follow, host, show } from "./page.ts";

interface Explanation {
  readonly subject: string;
  readonly exchanges: readonly { readonly question: string; readonly answer: string }[];
  readonly streaming: boolean;
  readonly notice: string;
  readonly strings: Readonly<Record<"stop" | "copy" | "ask" | "placeholder", string>>;
}

const subject = el("h1");
const conversation = el("div", { class: "conversation" });
const notice = el("p", { class: "notice", role: "status" });
const question = el("textarea", { rows: "2" });
const stop = button("", () => host.postMessage({ kind: "stop" }));
const copy = button("", () => host.postMessage({ kind: "copy" }), { class: "quiet" });
const ask = button("", send);
const form = el("form", { class: "ask" }, question, el("div", { class: "buttons" }, copy, stop, ask));
show(subject, conversation, notice, form);

form.addEventListener("submit", (event) => event.preventDefault());
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});

function send(): void {
  const text = question.value.trim();
  if (text === "" || ask.disabled) return;
  question.value = "";
  host.postMessage({ kind: "ask", text });
}

follow<Explanation>(({ subject: what, exchanges, streaming, notice: said, strings }) => {
  subject.textContent = withHiddenShown(what);
  notice.textContent = said;
  notice.classList.toggle("busy", streaming);
  stop.textContent = strings.stop;
  stop.hidden = !streaming;
  copy.textContent = strings.copy;
  copy.disabled = exchanges.every(({ answer }) => answer === "");
  ask.textContent = strings.ask;
  ask.disabled = streaming || exchanges.length === 0;
  question.placeholder = strings.placeholder;
  question.setAttribute("aria-label", strings.placeholder);
  const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 40;
  conversation.replaceChildren(
    ...exchanges.map(({ question: asked, answer }) => {
      const text = el("div", { class: "answer" });
      text.innerHTML = answerHtml(answer);
      return el("section", {}, asked === "" ? null : el("h2", {}, asked), text);
    }),
  );
  if (atEnd && streaming) scrollTo(0, document.body.scrollHeight);
});
