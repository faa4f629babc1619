/** A document in the list: its name, how far it is, and what can be done with it. */
import { addressOf } from "../address.js";
import { html } from "../html.js";
import { duration, percent, size, t } from "../words.js";
import { DocumentActions } from "./DocumentActions.js";
import { Icon } from "./Icon.js";

/** @typedef {import("../types").Document} Document */

const SHAPES = { queued: "history", running: "again", ready: "check", partial: "warn", failed: "cross", cancelled: "stop" };

/** @param {{ document: Document }} props */
export function DocumentRow({ document }) {
  return html`<div class="document ${document.status}">
    <${DocumentState} document=${document} />
    <div class="what">
      <a class="name" href=${addressOf("document", [document.id])}>${document.name}</a>
      <span class="faint">${standing(document)}</span>
      ${document.status === "running" && html`<progress value=${document.progress} aria-label=${t("document.progress", { name: document.name })}></progress>`}
    </div>
    <${DocumentActions} document=${document} quiet />
  </div>`;
}

/** @param {{ document: Document }} props */
export function DocumentState({ document }) {
  const words = t(`status.${document.status}`);
  return html`<span class="state ${document.status}"><${Icon} name=${SHAPES[document.status]} /><span>${words}</span></span>`;
}

/** What it has for evidence. @param {Document} document */
export const pieces = ({ chunks }) =>
  Object.entries(chunks).flatMap(([kind, n]) => (n ? [{ kind, words: t(`count.${kind}`, { n }) }] : []));

/** How far it is, in words. @param {Document} document */
export function standing(document) {
  const parts = [];
  if (document.status === "running") {
    if (document.stage) parts.push(t(`stage.${document.stage}`));
    parts.push(percent(document.progress));
    if (document.time_left_s) parts.push(t("document.left", { time: duration(document.time_left_s) }));
    if (document.findable) parts.push(t("document.findable"));
  }
  const [problem] = document.problems;
  if (problem) parts.push(problem.page ? t("problem.page", { page: problem.page, message: problem.message }) : problem.message);
  if (document.pages) parts.push(t("pages", { n: document.pages }));
  parts.push(...pieces(document).filter((one) => one.kind !== "text").map((one) => one.words));
  parts.push(size(document.size));
  return parts.join(" · ");
}
