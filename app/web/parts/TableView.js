/** A table of the evidence, with the quoted row lit. */
import { html, useEffect, useMemo, useRef } from "../html.js";
import { tableOf } from "../tables.js";
import { t } from "../words.js";

/** @param {{ text: string, quotes: string[] }} props */
export function TableView({ text, quotes }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  const table = useMemo(() => tableOf(text, quotes), [text, quotes]);
  useEffect(() => body.current?.querySelector(".lit")?.scrollIntoView({ block: "center" }), [table]);
  if (!table) return null;
  return html`<div class="viewer-body table-view" ref=${body} tabindex="0" role="region" aria-label=${t("view.table")}>
    ${table.before && html`<p class="caption">${table.before}</p>`}
    <table>
      ${table.head.length > 0 && html`<thead><tr>${table.head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>`}
      <tbody>
        ${table.rows.map(
          ({ cells, lit }) => html`<tr class=${lit ? "lit" : ""}>
            ${cells.map((cell, i) => html`<td>${lit && i === 0 && html`<span class="unseen">${t("row.cited")} </span>`}${cell}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
    ${table.after && html`<p class="faint">${table.after}</p>`}
  </div>`;
}
