/** The evidence of an answer, on paper alone: each quote with its picture. */
import { html, useEffect, useState } from "../html.js";
import { usePicture } from "../pictures.js";
import { byNumber, nameOf, snippet } from "../references.js";
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
    ${byNumber(citations).map((shown) => html`<${One} key=${shown.n} shown=${shown} />`)}
  </section>`;
}

/** @param {{ shown: import("../types").Shown }} props */
function One({ shown: { n, evidence, quotes } }) {
  const url = evidence.withheld ? null : evidence.image_url;
  const { src, problem } = usePicture(url);
  return html`<figure aria-busy=${String(Boolean(url && !src && !problem))}>
    <figcaption>[${n}] ${nameOf(evidence)}<br />${quotes.map((quote) => html`<q>${snippet(quote)}</q> `)}</figcaption>
    ${src && html`<img src=${src} alt=${nameOf(evidence)} />`}
  </figure>`;
}
