/** "Not in your documents": what is missing, and what comes nearest. */
import { html } from "../html.js";
import { showCitation } from "../showing.js";
import { nameOf, snippet } from "../references.js";
import { verdictKey } from "../verdicts.js";
import { t } from "../words.js";
import { Icon } from "./Icon.js";
import { Notices } from "./Notices.js";

/** @param {{ answer: import("../types").Answer, turn: number }} props */
export function Abstained({ answer, turn }) {
  return html`<section class="abstained" aria-label=${t(verdictKey(answer))}>
    <h3><${Icon} name="search" />${t(answer.abstained_because === "unsure" ? "abstained.unsure" : "abstained")}</h3>
    <p>${answer.missing || t("abstained.means")}</p>
    ${answer.abstained_because === "unsure" && html`<p class="faint">${answer.answer}</p>`}
    <${Notices} notices=${answer.notices} />
    ${answer.nearest.length > 0 &&
    html`<h4>${t("abstained.nearest")}</h4>
      <ul class="cards">
        ${answer.nearest.map(
          (evidence, at) => html`<li key=${evidence.id}>
            <button type="button" class="card" disabled=${Boolean(evidence.withheld)} onClick=${() => showCitation(turn, at + 1)}>
              <span class="card-name">${nameOf(evidence)}</span>
              <span class="card-text">${evidence.withheld ? t(`evidence.${evidence.withheld}`) : snippet(evidence.text)}</span>
            </button>
          </li>`,
        )}
      </ul>`}
    <h4>${t("abstained.next")}</h4>
    <p class="faint">${t("abstained.tips")}</p>
  </section>`;
}
