/** What an answer cites: name, place and quote of each, opening the viewer. */
import { html, useState } from "../html.js";
import { state, useStore } from "../store.js";
import { byNumber, placeOf, snippet } from "../references.js";
import { t } from "../words.js";
import { showCitation } from "../showing.js";
import { light } from "./AnswerText.js";
import { Button } from "./Button.js";

const FIRST = 6;

/** @param {{ citations: import("../types").Citation[], turn: number }} props */
export function References({ citations, turn }) {
  useStore();
  const [all, setAll] = useState(false);
  if (!citations.length) return null;
  const cited = byNumber(citations);
  const shown = all ? cited : cited.slice(0, FIRST);
  return html`<section class="references" aria-label=${t("references")}>
    <h3>${t("references")}</h3>
    <ol class="cards">
      ${shown.map(
        ({ n, evidence, quotes }) => html`<li key=${n}>
          <button
            type="button"
            class="card ${n !== null && state.lit.includes(n) ? "lit" : ""}"
            onClick=${() => showCitation(turn, n)}
            ...${light(n === null ? [] : [n])}
          >
            <span class="card-name"><b class="marker-like">${n}</b><span>${evidence.document}</span><i>${placeOf(evidence)}</i></span>
            <span class="card-text">${evidence.withheld ? t(`evidence.${evidence.withheld}`) : quotes.map(snippet).join(" … ")}</span>
          </button>
        </li>`,
      )}
    </ol>
    ${cited.length > shown.length &&
    html`<${Button} icon="down" kind="soft" words=${t("references.all", { n: cited.length })} act=${() => setAll(true)} />`}
  </section>`;
}
