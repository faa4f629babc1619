/** Tables in the text of evidence: rows between bars, with the row that is quoted. */
import { onlyLetters } from "./answer-text.js";

/** @typedef {{ before: string, head: string[], rows: { cells: string[], lit: boolean }[], after: string }} Table */

/** @param {string} text @param {string} quote @returns {Table | null} */
export function tableOf(text, quote) {
  const lines = text.split("\n");
  const first = lines.findIndex(isRow);
  if (first < 0) return null;
  let end = first;
  while (end < lines.length && isRow(lines[end])) end++;
  const rows = lines.slice(first, end).filter((line) => !isRule(line)).map(cellsOf);
  const headed = lines[first + 1] !== undefined && isRule(lines[first + 1]);
  const head = headed ? rows.shift() : undefined;
  const wanted = onlyLetters(quote);
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

/** @param {string[]} cells @param {string} wanted */
function isQuoted(cells, wanted) {
  const letters = cells.map(onlyLetters).join("");
  return letters !== "" && wanted.includes(letters);
}

/**
 * A text cut where the quote stands in it: before, quoted, after; what stands between the letters doesn't count.
 * @param {string} text @param {string} quote @returns {[string, string, string]}
 */
export function around(text, quote) {
  const wanted = onlyLetters(quote);
  if (!wanted) return [text, "", ""];
  /** @type {number[]} */
  const places = [];
  let letters = "";
  for (let i = 0; i < text.length; i++) {
    const letter = onlyLetters(text[i]);
    if (letter) {
      letters += letter;
      places.push(i);
    }
  }
  const at = letters.indexOf(wanted);
  if (at < 0) return [text, "", ""];
  const begin = places[at];
  const end = places[at + wanted.length - 1] + 1;
  return [text.slice(0, begin), text.slice(begin, end), text.slice(end)];
}
