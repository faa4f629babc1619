/** A document: how it was read, its problems, its pages. */
import { addressOf, go } from "../address.js";
import { followed } from "../following.js";
import { html, useEffect, useState } from "../html.js";
import { get, problemOf } from "../service.js";
import { state, useStore } from "../store.js";
import { day, size, t } from "../words.js";
import { Button } from "../parts/Button.js";
import { DocumentActions } from "../parts/DocumentActions.js";
import { DocumentState, pieces, standing } from "../parts/DocumentRow.js";
import { openOriginal } from "../parts/OpenOriginal.js";
import { PageReport } from "../parts/PageReport.js";
import { PageTurner } from "../parts/PageTurner.js";

/** @typedef {import("../types").Document} Document */

export function DocumentView() {
  useStore();
  const [id, , page] = state.address.parts;
  const [loaded, setLoaded] = useState(/** @type {Document | null} */ (null));
  const [problem, setProblem] = useState("");
  const live = followed.get(id);
  useEffect(() => {
    setProblem("");
    get(`/v1/documents/${encodeURIComponent(id)}`).then(setLoaded, (error) => setProblem(said(problemOf(error))));
  }, [id, live?.status]);
  if (problem) return html`<div class="empty" role="alert"><h1>${t("document.none")}</h1><p>${problem}</p></div>`;
  const document = newest(live, loaded);
  if (!document) return html`<p class="faint loading">${t("loading")}</p>`;
  if (page) return html`<${PageTurner} document=${document} page=${Number(page) || 1} />`;
  return html`<section class="document-view">
    <p class="back"><a href=${addressOf("documents", [], { in: document.collection })}>‹ ${document.collection}</a></p>
    <h1>${document.name}</h1>
    <p class="standing"><${DocumentState} document=${document} /> <span>${standing(document)}</span></p>
    ${document.status === "running" && html`<progress value=${document.progress} aria-label=${t("document.progress", { name: document.name })}></progress>`}
    <div class="row">
      <${Button} icon="ask" kind="main" words=${t("document.ask")} act=${() => go(addressOf("ask", [], { in: document.collection, doc: document.id }))} />
      ${document.pages && html`<${Button} icon="documents" kind="soft" words=${t("document.look")} act=${() => go(addressOf("document", [id, "page", "1"]))} />`}
      <${Button} icon="out" kind="soft" words=${t("original.open")} act=${() => openOriginal({ document_id: id, document: document.name, page: null })} />
      <${DocumentActions} document=${document} quiet gone=${() => go(addressOf("documents", [], { in: document.collection }))} />
    </div>
    <${Problems} document=${document} />
    <${Facts} document=${document} />
    ${document.page_report.length > 0 && html`<${PageReport} document=${document} />`}
  </section>`;
}

/** Lists and events leave long page reports out. @param {Document | undefined} live @param {Document | null} loaded */
function newest(live, loaded) {
  if (!live || !loaded) return live ?? loaded;
  return { ...live, page_report: live.page_report.length ? live.page_report : loaded.page_report };
}

/** @param {import("../types").Problem} problem */
const said = (problem) => (problem.status === 410 ? t("document.gone") : problem.detail);

/** @param {{ document: Document }} props */
function Problems({ document }) {
  if (!document.problems.length) return null;
  return html`<h2>${t("document.problems")}</h2>
    <ul class="problems">
      ${document.problems.map((one) => html`<li>${one.page ? t("problem.page", { page: one.page, message: one.message }) : one.message}</li>`)}
    </ul>`;
}

/** @param {{ document: Document }} props */
function Facts({ document }) {
  const facts = [
    [t("fact.type"), document.media_type],
    [t("fact.size"), size(document.size)],
    [t("fact.added"), day(document.created_at)],
    [t("fact.pieces"), pieces(document).map((one) => one.words).join(", ")],
    ...Object.entries(document.metadata).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  ];
  return html`<dl class="facts">
    ${facts.filter(([, value]) => value).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}
