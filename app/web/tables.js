/** Tables in the text of evidence: rows between bars, with the row that is quoted. */
import { onlyLetters } from "./answer-text.js";

/** @typedef {{ before: string, head: string[], rows: { cells: string[], lit: boolean }[], after: string }} Table */

/** @param {string} text @param {string[]} quotes @returns {Table | null} */
export function tableOf(text, quotes) {
  const lines = text.split("\n");
  const first = lines.findIndex(isRow);
  if (first < 0) return null;
  let end = first;
  while (end < lines.length && isRow(lines[end])) end++;
  const rows = lines.slice(first, end).filter((line) => !isRule(line)).map(cellsOf);
  const headed = lines[first + 1] !== undefined && isRule(lines[first + 1]);
  const head = headed ? rows.shift() : undefined;
  const wanted = quotes.map(onlyLetters);
  return {
    before: lines.slice(0, first).join("\n").trim(),
    head: head ?? [],
    rows: rows.map((cells) => ({ cells, lit: isQuoted(cells, wanted) })),
    after: lines.slice(end).join("\n").trim(),
  };
}

/** @param {string} line */
const isRow = (line) => /^\s*\|.*\|\s*$/.test(line);
/** @param {string} line */
const isRule = (line) => /^\s*\|[\s:|-]+\|\s*$/.test(line) && line.includes("-");
/** @param {string} line */
const cellsOf = (line) =>
  line.trim().slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|").replace(/<br\s*\/?>/gi, "\n"));

/** @param {string[]} cells @param {string[]} wanted */
function isQuoted(cells, wanted) {
  const letters = cells.map(onlyLetters).join("");
  return letters !== "" && wanted.some((one) => one.includes(letters));
}

/**
 * A text in pieces, of which those are lit that a quote names; what stands between the letters doesn't count.
 * @param {string} text @param {string[]} quotes @returns {{ text: string, lit: boolean }[]}
 */
export function around(text, quotes) {
  /** @type {number[]} */
  const places = [];
  let letters = "";
  for (let i = 0; i < text.length; i++) {
    const letter = onlyLetters(text[i]);
    if (!letter) continue;
    letters += letter;
    places.push(i);
  }
  const lit = new Uint8Array(text.length);
  for (const wanted of quotes.map(onlyLetters).filter(Boolean)) {
    const at = letters.indexOf(wanted);
    if (at >= 0) lit.fill(1, places[at], places[at + wanted.length - 1] + 1);
  }
  const pieces = [];
  for (let begin = 0, i = 1; i <= text.length; i++) {
    if (i < text.length && lit[i] === lit[begin]) continue;
    pieces.push({ text: text.slice(begin, i), lit: lit[begin] === 1 });
    begin = i;
  }
  return pieces;
}
