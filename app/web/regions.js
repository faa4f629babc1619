/** Where on a page: lines joined to blocks, and the quoted words among the page's words. Fractions of the page. */
import { onlyLetters } from "./answer-text.js";

/** @typedef {import("./types").Box} Box */
/** @typedef {{ text: string, box: Box }} Word */

/** @param {Box} a @param {Box} b @returns {Box} */
const union = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

/** @param {Box} a @param {Box} b how far they overlap: side by side, one above the other; negative: the gap */
const overlap = (a, b) => ({
  x: Math.min(a[2], b[2]) - Math.max(a[0], b[0]),
  y: Math.min(a[3], b[3]) - Math.max(a[1], b[1]),
});

const MARGIN = 0.003;

/**
 * Boxes of lines and cells, joined where one follows the other.
 * @param {Box[]} boxes @param {boolean} asTable cells of one row belong together, however far apart @returns {Box[]}
 */
export function blocks(boxes, asTable = false) {
  let joined = [...boxes].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  for (let before = -1; before !== joined.length; ) {
    before = joined.length;
    joined = pass(joined, asTable);
  }
  return joined.map(([x0, y0, x1, y1]) => [
    Math.max(0, x0 - MARGIN),
    Math.max(0, y0 - MARGIN),
    Math.min(1, x1 + MARGIN),
    Math.min(1, y1 + MARGIN),
  ]);
}

/** @param {Box[]} boxes @param {boolean} asTable */
function pass(boxes, asTable) {
  /** @type {Box[]} */
  const kept = [];
  for (const box of boxes) {
    const at = kept.findIndex((one) => belong(one, box, asTable));
    if (at < 0) kept.push(box);
    else kept[at] = union(kept[at], box);
  }
  return kept;
}

/** @param {Box} a @param {Box} b @param {boolean} asTable */
function belong(a, b, asTable) {
  const { x, y } = overlap(a, b);
  const line = Math.min(a[3] - a[1], b[3] - b[1], 0.03);
  if (x > 0 && y > 0) return true;
  if (asTable) return y > -3 * line;
  if (y > 0.5 * line) return x > -2 * line; // words of one line
  return x > 0 && y > -1.6 * line; // the next line
}

/**
 * The boxes of the quoted words on a page, a box a line. Letters and digits alone are compared; of several places, the
 * one inside the evidence's regions counts.
 * @param {Word[]} words @param {string} quote @param {Box[]} within @returns {Box[]}
 */
export function quoted(words, quote, within) {
  const whole = places(words, onlyLetters(quote), within);
  const found = whole.length ? whole : pieces(quote).flatMap((piece) => places(words, onlyLetters(piece), within));
  return lines(found.map((word) => word.box));
}

/** A quote that doesn't stand on the page as it is: its lines and cells one by one. @param {string} quote */
const pieces = (quote) => quote.split(/[|\n]|(?<=[.!?。！？;；])\s*/).filter((piece) => onlyLetters(piece).length > 1);

/** @param {Word[]} words @param {string} wanted @param {Box[]} within @returns {Word[]} */
function places(words, wanted, within) {
  if (!wanted) return [];
  /** @type {number[]} */
  const owner = [];
  let all = "";
  words.forEach((word, index) => {
    const letters = onlyLetters(word.text);
    all += letters;
    for (let i = 0; i < letters.length; i++) owner.push(index);
  });
  let first = null;
  for (let at = all.indexOf(wanted); at >= 0; at = all.indexOf(wanted, at + 1)) {
    const found = words.slice(owner[at], owner[at + wanted.length - 1] + 1);
    if (!within.length || found.every((word) => within.some((box) => inside(word.box, box)))) return found;
    first ??= found;
  }
  return within.length ? [] : (first ?? []);
}

/** @param {Box} word @param {Box} box by its middle */
function inside(word, box) {
  const x = (word[0] + word[2]) / 2;
  const y = (word[1] + word[3]) / 2;
  return x >= box[0] - MARGIN && x <= box[2] + MARGIN && y >= box[1] - MARGIN && y <= box[3] + MARGIN;
}

/** Neighbouring words of a line as one box. @param {Box[]} boxes @returns {Box[]} */
function lines(boxes) {
  /** @type {Box[]} */
  const made = [];
  for (const box of boxes) {
    const last = made[made.length - 1];
    const height = box[3] - box[1];
    const together = last && overlap(last, box).y > 0.4 * height && box[0] >= last[0] && box[0] - last[2] < 2 * height;
    if (together) made[made.length - 1] = union(last, box);
    else made.push(box);
  }
  return made;
}
