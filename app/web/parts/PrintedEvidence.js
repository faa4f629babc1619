/** The evidence of an answer, on paper alone: each quote with its picture. */
import { html, useEffect, useState } from "../html.js";
import { usePicture } from "../pictures.js";
import { nameOf } from "../references.js";
import { t } from "../words.js";

/** @typedef {import("../types").Citation} Citation */

/** @param {{ citations: Citation[] }} props */
export function PrintedEvidence({ citations }) {
  const [on, set] = useState(false);
  useEffect(() => {
    const begun = () => set(true);
    const ended = () => set(false);
    addEventListener("printing", begun);
    addEventListener("printed", ended);
    return () => (removeEventListener("printing", begun), removeEventListener("printed", ended));
  }, []);
  if (!on) return null;
  return html`<section class="printed" aria-label=${t("references")}>
    ${citations.map((citation) => html`<${One} key=${citation.n} citation=${citation} />`)}
  </section>`;
}

/** @param {{ citation: Citation }} props */
function One({ citation: { n, evidence, quote } }) {
  const url = evidence.deleted ? null : evidence.image_url;
  const { src, problem } = usePicture(url);
  return html`<figure aria-busy=${String(Boolean(url && !src && !problem))}>
    <figcaption>[${n}] ${nameOf(evidence)}<br /><q>${quote}</q></figcaption>
    ${src && html`<img src=${src} alt=${nameOf(evidence)} />`}
  </figure>`;
}
