/** All pages of a citation, one under the other, with its places; more of the document on request. */
import { html, useEffect, useRef, useState } from "../html.js";
import { get } from "../service.js";
import { t } from "../words.js";
import { still } from "../theme.js";
import { Button } from "./Button.js";
import { PagePicture } from "./PagePicture.js";
import { TableView } from "./TableView.js";
import { TextView } from "./TextView.js";

/** @typedef {import("../types").Shown} Shown */

/** @param {{ shown: Shown, list: Shown[], zoom: number, go: (at: number) => void, fallback: string }} props */
export function PagesView({ shown, list, zoom, go, fallback }) {
  const { evidence } = shown;
  const own = pagesOf(evidence);
  const [first, setFirst] = useState(own[0]);
  const [last, setLast] = useState(own[own.length - 1]);
  const [most, setMost] = useState(own[own.length - 1]);
  const [undrawn, setUndrawn] = useState(false);
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    get(`/v1/documents/${evidence.document_id}`).then((found) => setMost(found.pages ?? last), () => {});
  }, [evidence.document_id]);
  const others = list.map((one, at) => ({ ...one, at })).filter((one) => one.evidence.document_id === evidence.document_id);
  const pages = [];
  for (let page = first; page <= last; page++) pages.push(page);
  return html`<div class="viewer-body pages" ref=${body} tabindex="0" role="region" aria-label=${t("view.page")}>
    ${first > 1 && html`<${Button} kind="soft more" words=${t("page.before", { page: first - 1 })} act=${() => setFirst(first - 1)} />`}
    ${pages.map(
      (page) => html`<${PagePicture}
        key=${page}
        documentId=${evidence.document_id}
        name=${evidence.document}
        page=${page}
        shown=${shown}
        others=${others}
        zoom=${zoom}
        go=${go}
        ready=${(/** @type {HTMLElement} */ place) => page === own[0] && bring(body.current, place)}
        failed=${() => page === own[0] && setUndrawn(true)}
      />`,
    )}
    ${undrawn && fallback === "table" && html`<${TableView} text=${evidence.text} quotes=${shown.quotes} />`}
    ${undrawn && fallback && fallback !== "table" && html`<${TextView} evidence=${evidence} quotes=${shown.quotes} />`}
    ${last < most && html`<${Button} kind="soft more" words=${t("page.after", { page: last + 1 })} act=${() => setLast(last + 1)} />`}
  </div>`;
}

/** @param {import("../types").Evidence} evidence */
function pagesOf(evidence) {
  const pages = [...new Set(evidence.regions.map((region) => region.page))].sort((a, b) => a - b);
  return pages.length ? pages : [evidence.page ?? 1];
}

/** Scrolls to a place, a third from the top. @param {HTMLElement | null} body @param {HTMLElement} place */
function bring(body, place) {
  if (!body) return;
  const way = place.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight * 0.3;
  body.scrollTo({ top: body.scrollTop + way, behavior: still() ? "auto" : "smooth" });
}
