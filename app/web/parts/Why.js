/** "Why this?": how a search came about, in words. */
import { html, useEffect, useState } from "../html.js";
import { get, problemOf } from "../service.js";
import { count, percent, t } from "../words.js";

/** @param {{ trace: string, evidence: import("../types").Evidence | null, claims?: import("../types").Claim[], n?: number | null }} props */
export function Why({ trace, evidence, claims = [], n = null }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [fault, setFault] = useState("");
  useEffect(() => {
    get(`/v1/traces/${trace}`).then(setTold, (error) => setFault(problemOf(error).detail));
  }, [trace]);
  if (fault) return html`<p class="why faint" role="status">${t("why.none")} ${fault}</p>`;
  if (!told) return html`<p class="why faint">${t("loading")}</p>`;
  return html`<ol class="why" aria-label=${t("why")}>
    ${sentences(told, evidence, claims, n).map((one) => html`<li>${one}</li>`)}
  </ol>`;
}

/** @param {any} told @param {import("../types").Evidence | null} evidence @param {import("../types").Claim[]} claims @param {number | null} n */
function sentences(told, evidence, claims, n) {
  return [
    ...understood(told.query),
    ...told.spaces.map((/** @type {any} */ space) => spaceSentence(space, evidence)),
    ...told.steps.map((/** @type {any} */ step) => stepSentence(step, evidence)).filter(Boolean),
    ...shown(told, evidence),
    ...claims
      .filter((claim) => n !== null && claim.citations.includes(n))
      .map((claim) => t(claim.supported ? "why.supports" : "why.supports_not", { text: claim.text, share: percent(claim.support) })),
    ...outcome(told, evidence),
  ];
}

/** @param {any} query */
function understood(query) {
  const first = query.image && !query.searched ? t("why.picture") : t("why.searched", { words: query.searched, where: query.collections.join(", ") });
  const made = query.asked !== query.searched ? [t("why.completed", { words: query.asked, why: query.why })] : [];
  const narrowed = query.documents === null ? [] : [t("why.narrowed", { n: query.documents })];
  return [...made, first, ...narrowed];
}

/** @param {any} space @param {import("../types").Evidence | null} evidence */
function spaceSentence(space, evidence) {
  const name = t(`space.${space.space}`);
  if (!space.voted) return t("why.no_vote", { name, why: space.why });
  const rank = rankIn(space.candidates, evidence);
  if (!evidence) return t("why.found", { name, n: space.found });
  return rank ? t("why.found_at", { name, n: space.found, rank }) : t("why.found_not", { name, n: space.found });
}

/** @param {any} step @param {import("../types").Evidence | null} evidence */
function stepSentence(step, evidence) {
  const rank = rankIn(step.candidates, evidence);
  if (!["fuse", "rerank"].includes(step.step)) return "";
  return rank ? t(`why.${step.step}_at`, { rank }) : evidence ? "" : t(`why.${step.step}`, { n: step.candidates.length });
}

/** @param {any} told @param {import("../types").Evidence | null} evidence */
function shown(told, evidence) {
  const pieces = told.answer?.shown ?? [];
  if (!pieces.length) return [];
  const at = evidence ? pieces.indexOf(evidence.id) + 1 : 0;
  return [at ? t("why.shown_at", { rank: at, n: pieces.length }) : t("why.shown", { n: pieces.length })];
}

/** @param {any} told @param {import("../types").Evidence | null} evidence */
function outcome(told, evidence) {
  if (evidence || !told.answer) return [];
  const dropped = told.dropped.length ? [t("why.dropped", { n: told.dropped.length, why: told.dropped[0].why })] : [];
  const milliseconds = Math.round((told.timings_ms.retrieve ?? 0) + (told.timings_ms.generate ?? 0));
  return [...dropped, t("why.outcome", { model: told.answer.model, share: percent(told.answer.confidence), ms: count(milliseconds) })];
}

/** @param {any[]} candidates @param {import("../types").Evidence | null} evidence */
function rankIn(candidates, evidence) {
  return candidates.find((one) => evidence && one.evidence_id === evidence.id)?.rank ?? 0;
}
