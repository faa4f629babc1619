/** The page's words over its picture: unseen, but they can be selected, copied and searched. */
import { html, useMemo } from "../html.js";

/** @typedef {import("../regions.js").Word} Word */

/** @type {CanvasRenderingContext2D | null} */
let pen = null;

/** @param {string} text how wide it would be at a height of 1 */
function widthOf(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return 1;
  pen.font = "100px sans-serif";
  return pen.measureText(text).width / 100 || 1;
}

/** @param {{ words: Word[], ratio: number }} props `ratio`: height by width */
export function TextLayer({ words, ratio }) {
  const spans = useMemo(() => words.map(({ text, box }) => spanOf(text, box, ratio)), [words, ratio]);
  if (!words.length || !ratio) return null;
  return html`<div class="text-layer">${spans}</div>`;
}

/** Sizes are in hundredths of the page's width (`cqw`). @param {string} text @param {import("../types").Box} box @param {number} ratio */
function spanOf(text, [x0, y0, x1, y1], ratio) {
  const height = (y1 - y0) * ratio * 100;
  const scale = ((x1 - x0) * 100) / (widthOf(text) * height);
  const style = { left: `${x0 * 100}%`, top: `${y0 * 100}%`, fontSize: `${height}cqw`, transform: `scaleX(${scale})` };
  return html`<span style=${style}>${text}${" "}</span>`;
}
