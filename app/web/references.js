/** An answer with its references, to be copied: plain text and Markdown. */
import { t } from "./words.js";

/** @typedef {import("./types").Answer} Answer */
/** @typedef {import("./types").Evidence} Evidence */

/** Where evidence stands, in words. @param {Evidence} evidence */
export function placeOf(evidence) {
  const place = evidence.place ?? {};
  const pages = [...new Set(evidence.regions.map((region) => region.page))].sort((a, b) => a - b);
  const parts = [];
  if (pages.length > 1) parts.push(t("place.pages", { first: pages[0], last: pages[pages.length - 1] }));
  else if (evidence.page) parts.push(t("place.page", { page: evidence.page }));
  if (place.sheet) parts.push(t("place.sheet", { sheet: place.sheet }));
  if (place.rows?.length) parts.push(t("place.rows", { first: place.rows[0], last: place.rows[place.rows.length - 1] }));
  if (place.start_s !== undefined) parts.push(clock(place.start_s));
  if (place.heading?.length) parts.push(place.heading.join(" › "));
  return parts.join(", ");
}

/** @param {number} seconds */
export const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {Evidence} evidence */
export const nameOf = (evidence) => [evidence.document, placeOf(evidence)].filter(Boolean).join(", ");

/**
 * The citations of one number together: an answer may quote one piece of evidence more than once.
 * @param {import("./types").Citation[]} citations @returns {import("./types").Shown[]}
 */
export function byNumber(citations) {
  const found = new Map();
  for (const { n, evidence, quote } of citations) {
    const one = found.get(n) ?? { n, evidence, quotes: [] };
    if (quote && !one.quotes.includes(quote)) one.quotes.push(quote);
    found.set(n, one);
  }
  return [...found.values()].sort((a, b) => a.n - b.n);
}

/** @param {string[]} quotes */
const inMarks = (quotes) => quotes.map((one) => `“${flat(one)}”`).join(" … ");

/** @param {string} question @param {Answer} answer */
export function asText(question, answer) {
  const references = byNumber(answer.citations).map((one) => `[${one.n}] ${nameOf(one.evidence)}: ${inMarks(one.quotes)}`);
  return [question, "", answer.answer.trim(), ...(references.length ? ["", ...references] : [])].join("\n");
}

/** @param {string} question @param {Answer} answer */
export function asMarkdown(question, answer) {
  const text = answer.answer.trim().replace(/\[(\d+)\]/g, "[^$1]");
  const references = byNumber(answer.citations).map(
    (one) => `[^${one.n}]: **${escaped(nameOf(one.evidence))}**: ${escaped(inMarks(one.quotes))}`,
  );
  return [`## ${escaped(flat(question))}`, "", text, ...(references.length ? ["", ...references] : []), ""].join("\n");
}

/** @param {string} text */
const flat = (text) => text.replace(/\s+/g, " ").trim();
/** @param {string} text */
const escaped = (text) => text.replace(/[\\`*_{}[\]<>#|]/g, "\\$&");

/** The beginning of a text, in one line. @param {string} text */
export const snippet = (text) => flat(text.replace(/\|(\s*-+\s*\|)+/g, "").replace(/\s*\|\s*/g, " · ")).replace(/(^[ ·]+|[ ·]+$)/g, "").replace(/[ ·]{4,}/g, " / ").slice(0, 280);
