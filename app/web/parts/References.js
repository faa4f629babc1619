/** What an answer cites: name, place and quote of each, opening the viewer. */
import { html, useState } from "../html.js";
import { state, useStore } from "../store.js";
import { placeOf, snippet } from "../references.js";
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
  const shown = all ? citations : citations.slice(0, FIRST);
  return html`<section class="references" aria-label=${t("references")}>
    <h3>${t("references")}</h3>
    <ol class="cards">
      ${shown.map(
        ({ n, evidence, quote }) => html`<li key=${n}>
          <button
            type="button"
            class="card ${state.lit.includes(n) ? "lit" : ""}"
            onClick=${() => showCitation(turn, n)}
            ...${light([n])}
          >
            <span class="card-name"><b class="marker-like">${n}</b><span>${evidence.document}</span><i>${placeOf(evidence)}</i></span>
            <span class="card-text">${evidence.deleted ? t("evidence.deleted") : snippet(quote)}</span>
          </button>
        </li>`,
      )}
    </ol>
    ${citations.length > shown.length &&
    html`<${Button} icon="down" kind="soft" words=${t("references.all", { n: citations.length })} act=${() => setAll(true)} />`}
  </section>`;
}
