/** One piece of evidence under its own address, boxes included. */
import { go } from "../address.js";
import { html, useEffect, useState } from "../html.js";
import { get, problemOf } from "../service.js";
import { state, useStore } from "../store.js";
import { t } from "../words.js";
import { Viewer } from "../parts/Viewer.js";

export function EvidenceView() {
  useStore();
  const [evidence, setEvidence] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const [id] = state.address.parts;
  const quotes = state.address.query.getAll("quote");
  useEffect(() => {
    get(`/v1/evidence/${encodeURIComponent(id)}`).then(setEvidence, (error) => setProblem(said(problemOf(error))));
  }, [id]);
  if (problem) return html`<div class="empty" role="alert"><h1>${t("evidence.none")}</h1><p>${problem}</p></div>`;
  if (!evidence) return html`<p class="faint loading">${t("loading")}</p>`;
  const list = [{ evidence, quotes, n: null }];
  return html`<div class="alone"><${Viewer} list=${list} index=${0} go=${() => {}} close=${() => go("#/ask")} /></div>`;
}

/** @param {import("../types").Problem} problem */
const said = (problem) => (problem.status === 410 ? t("evidence.deleted") : problem.detail);
