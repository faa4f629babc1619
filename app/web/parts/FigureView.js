/** A figure as its crop, with the document's words about it. */
import { html } from "../html.js";
import { usePicture } from "../pictures.js";
import { t } from "../words.js";

/** @param {{ evidence: import("../types").Evidence, zoom: number }} props */
export function FigureView({ evidence, zoom }) {
  const { src, problem } = usePicture(evidence.image_url);
  return html`<div class="viewer-body figure-view" tabindex="0" role="region" aria-label=${t("view.figure")}>
    ${problem && html`<p class="fault">${problem.detail}</p>`}
    ${src && html`<img src=${src} style=${{ width: `${zoom * 100}%` }} alt=${evidence.text.split("\n")[0] || evidence.document} />`}
    <p>${evidence.text}</p>
  </div>`;
}
