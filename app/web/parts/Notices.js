/** What a reader should know about an answer. */
import { html } from "../html.js";
import { t } from "../words.js";
import { Icon } from "./Icon.js";

/** @param {{ notices: import("../types").Notice[] }} props */
export function Notices({ notices }) {
  const told = notices.filter((one) => one.code !== "small_talk");
  if (!told.length) return null;
  return html`<ul class="notices" aria-label=${t("notices")}>
    ${told.map((one) => html`<li key=${one.code}><${Icon} name="info" /><span>${one.message}</span></li>`)}
  </ul>`;
}
