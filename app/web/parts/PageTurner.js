/** A document's pages, one at a time. */
import { addressOf, go } from "../address.js";
import { html, useEffect, useState } from "../html.js";
import { offer } from "../keyboard.js";
import { count, percent, t } from "../words.js";
import { Button } from "./Button.js";
import { OpenOriginal } from "./OpenOriginal.js";
import { PagePicture } from "./PagePicture.js";

/** @param {{ document: import("../types").Document, page: number }} props */
export function PageTurner({ document, page }) {
  const [zoom, setZoom] = useState(1);
  const last = document.pages ?? 1;
  const turn = (/** @type {number} */ to) => to >= 1 && to <= last && go(addressOf("document", [document.id, "page", String(to)]));
  const close = () => go(addressOf("document", [document.id]));
  useEffect(() => offer({ ArrowLeft: () => turn(page - 1), ArrowRight: () => turn(page + 1), Escape: close }), [page, last]);
  const evidence = { document_id: document.id, document: document.name, page };
  return html`<div class="alone"><aside class="viewer" aria-label=${t("viewer")}>
    <header>
      <div class="viewer-name">
        <div><h2><a href=${addressOf("document", [document.id])}>${document.name}</a></h2></div>
        <${Button} icon="close" quiet words=${t("close")} keys="Esc" act=${close} />
      </div>
      <div class="toolbar" role="toolbar" aria-label=${t("viewer.tools")}>
        <div class="group">
          <${Button} icon="left" quiet words=${t("page.former")} off=${page <= 1} act=${() => turn(page - 1)} />
          <input class="page-number" type="number" min="1" max=${last} value=${page} aria-label=${t("page.number")} onChange=${(/** @type {any} */ event) => turn(Number(event.target.value))} />
          <span class="faint">/ ${count(last)}</span>
          <${Button} icon="right" quiet words=${t("page.next")} off=${page >= last} act=${() => turn(page + 1)} />
        </div>
        <div class="group zoom">
          <${Button} icon="minus" quiet words=${t("zoom.out")} off=${zoom <= 0.5} act=${() => setZoom(zoom - 0.25)} />
          <span class="faint">${percent(zoom)}</span>
          <${Button} icon="plus" quiet words=${t("zoom.in")} off=${zoom >= 3} act=${() => setZoom(zoom + 0.25)} />
        </div>
        <span class="room"></span>
        <${OpenOriginal} evidence=${evidence} />
      </div>
    </header>
    <div class="viewer-body pages" tabindex="0" role="region" aria-label=${t("view.page")}>
      <${PagePicture} key=${page} documentId=${document.id} name=${document.name} page=${page} shown=${null} others=${[]} zoom=${zoom} go=${() => {}} />
    </div>
  </aside></div>`;
}
