/** What can be done with an answer: copy, print, send its address, ask once more, see how it came about. */
import { addressOf, whole } from "../address.js";
import { askAgain, isAsking, questionQuery } from "../asking.js";
import { html, useState } from "../html.js";
import { asMarkdown, asText } from "../references.js";
import { say } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";
import { Why } from "./Why.js";

/** @param {{ turn: import("../types").Turn, number: number }} props */
export function AnswerActions({ turn }) {
  const [why, setWhy] = useState(false);
  const { answer } = turn;
  if (!answer) return null;
  /** @type {Record<string, string | string[]>} */
  const address = questionQuery(turn);
  return html`<div class="actions">
      <${Button} icon="copy" kind="soft" words=${t("copy.text")} act=${() => copied(asText(turn.question, answer))} />
      <${Button} icon="copy" kind="soft" words=${t("copy.markdown")} act=${() => copied(asMarkdown(turn.question, answer))} />
      <${Button} icon="print" kind="soft" words=${t("print")} act=${printed} />
      ${"q" in address &&
      html`<${Button} icon="link" kind="soft" words=${t("copy.address")} act=${() => copied(whole(addressOf("ask", [], address)))} />`}
      <${Button} icon="again" kind="soft" words=${t("ask.again")} off=${isAsking()} act=${() => askAgain(turn)} />
      <${Button} icon="why" kind="soft" words=${t("why")} pressed=${why} act=${() => setWhy(!why)} />
    </div>
    ${why && html`<${Why} trace=${answer.trace_id} evidence=${null} />`}`;
}

/** @param {string} text */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    say(t("copied.not"), true);
  }
}

/** The evidence's pictures are fetched first. */
function printed() {
  document.documentElement.classList.add("printing");
  dispatchEvent(new Event("printing"));
  const began = performance.now();
  const look = setInterval(() => {
    const pictures = [...document.querySelectorAll(".printed img")];
    const all = pictures.every((one) => /** @type {HTMLImageElement} */ (one).complete);
    const waiting = document.querySelector(".printed [aria-busy=true]");
    if ((!all || waiting) && performance.now() - began < 10_000) return;
    clearInterval(look);
    print();
    document.documentElement.classList.remove("printing");
    dispatchEvent(new Event("printed"));
  }, 100);
}
