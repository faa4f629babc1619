/** One page: its picture, the places of the evidence, the quoted words, and its words to be selected and searched. */
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { usePicture } from "../pictures.js";
import { blocks, quoted } from "../regions.js";
import { get } from "../service.js";
import { change, state, useStore } from "../store.js";
import { t } from "../words.js";
import { TextLayer } from "./TextLayer.js";

/** @typedef {import("../types").Shown} Shown */
/** @typedef {import("../types").Box} Box */
/** @typedef {import("../regions.js").Word} Word */
/** @typedef {{ documentId: string, name: string, page: number, shown: Shown | null, others: (Shown & { at: number })[], zoom: number, go: (at: number) => void, ready?: (place: HTMLElement) => void, failed?: () => void }} Props */

const WIDTHS = [800, 1200, 1600, 2000]; // pixels; the service draws no wider
const A4 = 1.414;

/** @param {Props} props */
export function PagePicture({ documentId, name, page, shown, others, zoom, go, ready, failed }) {
  useStore();
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const [ratio, setRatio] = useState(0);
  const width = useWidth(frame, zoom);
  const { src, problem } = usePicture(width ? `/v1/documents/${documentId}/pages/${page}?width=${width}` : null);
  const words = useWords(documentId, page);
  const own = useMemo(() => boxesOf(shown, page), [shown, page]);
  const exact = useMemo(() => (shown && own.length ? shown.quotes.flatMap((quote) => quoted(words, quote, own)) : []), [words, shown, own]);
  useEffect(() => {
    if (problem) failed?.();
  }, [problem]);
  useEffect(() => {
    const place = frame.current?.querySelector(".quoted, .block") ?? frame.current;
    if (ratio && place) ready?.(/** @type {HTMLElement} */ (place));
  }, [ratio > 0, exact.length]);
  if (problem) {
    return html`<div class="page-frame undrawn" role="status" ref=${frame}>
      <p>${t("page.undrawn", { page })}</p><p class="faint">${problem.detail}</p>
    </div>`;
  }
  const style = { width: `${zoom * 100}%`, aspectRatio: `1 / ${ratio || A4}` };
  const over = (/** @type {MouseEvent} */ event) => lightUnder(event, frame.current, shown, own);
  return html`<figure class="page-frame ${src ? "" : "waits"}" ref=${frame} style=${style} onMouseMove=${over} onMouseLeave=${over}>
    ${src && html`<img src=${src} alt=${t("page.alt", { page, name })} onLoad=${(/** @type {any} */ event) => setRatio(event.target.naturalHeight / event.target.naturalWidth)} />`}
    ${!src && html`<figcaption class="faint">${t("page.loading", { page })}</figcaption>`}
    ${src && html`<${TextLayer} words=${words} ratio=${ratio} />`}
    ${src && html`<${Others} others=${others} shown=${shown} page=${page} go=${go} />`}
    ${src && shown && html`<${Places} shown=${shown} boxes=${own} exact=${exact} />`}
  </figure>`;
}

/** The width at which the page is asked for: in steps, so that it is kept. @param {{ current: HTMLElement | null }} frame @param {number} zoom */
function useWidth(frame, zoom) {
  const [width, set] = useState(0);
  useEffect(() => {
    const shown = (frame.current?.parentElement?.clientWidth ?? 800) * zoom * Math.min(2, devicePixelRatio);
    set((now) => Math.max(now, WIDTHS.find((one) => one >= shown * 0.8) ?? WIDTHS[WIDTHS.length - 1]));
  }, [zoom]);
  return width;
}

/** @type {Map<string, Promise<Word[]>>} */
const known = new Map();

/** @param {string} documentId @param {number} page @returns {Word[]} */
function useWords(documentId, page) {
  const [words, set] = useState(/** @type {Word[]} */ ([]));
  useEffect(() => {
    const path = `/v1/documents/${documentId}/pages/${page}/words`;
    let asked = known.get(path);
    if (!asked) {
      asked = get(path).then((got) => (Array.isArray(got) ? got : got.words), () => (known.delete(path), []));
      known.set(path, asked);
      if (known.size > 40) known.delete(/** @type {string} */ (known.keys().next().value));
    }
    let here = true;
    asked.then((got) => here && set(got));
    return () => void (here = false);
  }, [documentId, page]);
  return words;
}

/** @param {Shown | null} shown @param {number} page @returns {Box[]} */
function boxesOf(shown, page) {
  if (!shown) return [];
  const own = shown.evidence.regions.filter((region) => region.page === page).map((region) => region.box);
  return blocks(own, shown.evidence.kind === "table");
}

/** @param {Box} box */
const placed = ([x0, y0, x1, y1]) => ({
  left: `${x0 * 100}%`,
  top: `${y0 * 100}%`,
  width: `${(x1 - x0) * 100}%`,
  height: `${(y1 - y0) * 100}%`,
});

/** The pointer over a place lights its claims; the place itself lets the pointer through, to the words. @param {MouseEvent} event @param {HTMLElement | null} frame @param {Shown | null} shown @param {Box[]} boxes */
function lightUnder(event, frame, shown, boxes) {
  if (!frame || !shown || shown.n === null) return;
  const { left, top, width, height } = frame.getBoundingClientRect();
  const x = (event.clientX - left) / width;
  const y = (event.clientY - top) / height;
  const on = boxes.some(([x0, y0, x1, y1]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
  const lit = state.lit.includes(shown.n);
  if (on && !lit) change({ lit: [shown.n] });
  if (!on && lit) change({ lit: [] });
}

/** @param {{ shown: Shown, boxes: Box[], exact: Box[] }} props */
function Places({ shown, boxes, exact }) {
  const lit = shown.n !== null && state.lit.includes(shown.n);
  return html`${boxes.map((box) => html`<span class="block ${lit ? "lit" : ""}" style=${placed(box)}></span>`)}
    ${exact.map((box) => html`<span class="quoted" style=${placed(box)}></span>`)}`;
}

/** The places of the answer's other citations on this page: faint, and a way there. @param {{ others: (Shown & { at: number })[], shown: Shown | null, page: number, go: (at: number) => void }} props */
function Others({ others, shown, page, go }) {
  const seen = new Set(shown ? [shown.evidence.id] : []);
  const different = others.filter((one) => !seen.has(one.evidence.id) && seen.add(one.evidence.id));
  return different.flatMap((one) =>
    boxesOf(one, page).map(
      (box, i) => html`<button
        type="button"
        class="other ${one.n !== null && state.lit.includes(one.n) ? "lit" : ""}"
        style=${placed(box)}
        tabindex=${i ? -1 : 0}
        aria-label=${t("citation", { n: one.n ?? "" })}
        onClick=${() => go(one.at)}
        onMouseEnter=${() => change({ lit: one.n === null ? [] : [one.n] })}
        onMouseLeave=${() => change({ lit: [] })}
      ></button>`,
    ),
  );
}
