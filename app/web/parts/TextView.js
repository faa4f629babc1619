/** Evidence as its text with the quote lit; of a document that is a text, the whole of it. */
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { get, request } from "../service.js";
import { around } from "../tables.js";
import { t } from "../words.js";

/** @typedef {import("../types").Evidence} Evidence */

const TEXTS = /^(text\/(?!html)|application\/(json|x-ndjson|jsonl))/;
const MOST_BYTES = 1_000_000;

/** @param {{ evidence: Evidence, quotes: string[] }} props */
export function TextView({ evidence, quotes }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  const full = useFile(evidence);
  const pieces = useMemo(() => marked(full, evidence.text, quotes), [full, evidence, quotes]);
  useEffect(() => body.current?.querySelector("mark")?.scrollIntoView({ block: "center" }), [full, evidence, quotes]);
  return html`<div class="viewer-body text-view" ref=${body} tabindex="0" role="region" aria-label=${t("view.text")}>
    ${evidence.place?.heading?.length && !full && html`<p class="faint">${evidence.place.heading.join(" › ")}</p>`}
    <div class="prose ${full ? "file" : ""}">${pieces.map((one) => (one.lit ? html`<mark>${one.text}</mark>` : one.text))}</div>
  </div>`;
}

/** In the whole file where it is there and holds the quote, else in the passage. @param {string} full @param {string} passage @param {string[]} quotes */
function marked(full, passage, quotes) {
  const whole = full ? around(full, quotes.length ? quotes : [passage.split("\n")[0]]) : [];
  return whole.some((one) => one.lit) ? whole : around(passage, quotes);
}

/** @param {Evidence} evidence */
function useFile(evidence) {
  const [text, set] = useState("");
  useEffect(() => {
    let here = true;
    if (evidence.page === null) fileOf(evidence.document_id).then((got) => here && set(got), () => {});
    return () => void (here = false);
  }, [evidence.document_id]);
  return text;
}

/** @param {string} id */
async function fileOf(id) {
  const document = await get(`/v1/documents/${id}`);
  if (!TEXTS.test(document.media_type) || document.size > MOST_BYTES) return "";
  return (await request(`/v1/documents/${id}/file`)).text();
}
