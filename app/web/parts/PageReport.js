/** How each page of a document was read. */
import { addressOf } from "../address.js";
import { html } from "../html.js";
import { percent, t } from "../words.js";
import { LongList } from "./LongList.js";

/** @param {{ document: import("../types").Document }} props */
export function PageReport({ document }) {
  const report = document.page_report;
  const ways = new Map();
  for (const one of report) ways.set(one.read_as, (ways.get(one.read_as) ?? 0) + 1);
  const summary = [...ways].map(([way, n]) => t(`read.${way}`, { n })).join(" · ");
  const items = report.map((one) => ({ ...one, id: one.page }));
  return html`<h2>${t("report")}</h2>
    <p>${summary}</p>
    <${LongList} items=${items} rowPx=${44} label=${t("report")} row=${(/** @type {any} */ one) => html`<${Row} one=${one} id=${document.id} />`} />`;
}

/** @param {{ one: import("../types").PageReport, id: string }} props */
function Row({ one, id }) {
  const told = [t(`read_as.${one.read_as}`)];
  if (one.confidence !== null) told.push(t("report.confidence", { share: percent(one.confidence) }));
  if (one.tables) told.push(t("report.tables", { n: one.tables }));
  if (one.figures) told.push(t("report.figures", { n: one.figures }));
  if (one.hidden) told.push(t("report.hidden", { n: one.hidden }));
  return html`<div class="report-row">
    <a href=${addressOf("document", [id, "page", String(one.page)])}>${t("place.page", { page: one.page })}</a>
    <span class=${one.read_as === "failed" ? "bad" : "faint"}>${told.join(" · ")}</span>
  </div>`;
}
