/** The evidence: the page with the places on it, the table, the figure or the text; and the way to the next one. */
import { addressOf, whole } from "../address.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { offer } from "../keyboard.js";
import { placeOf } from "../references.js";
import { change, useStore } from "../store.js";
import { tableOf } from "../tables.js";
import { count, percent, t } from "../words.js";
import { copied } from "./AnswerActions.js";
import { Button } from "./Button.js";
import { FigureView } from "./FigureView.js";
import { MediaView } from "./MediaView.js";
import { OpenOriginal } from "./OpenOriginal.js";
import { PagesView } from "./PagesView.js";
import { TableView } from "./TableView.js";
import { TextView } from "./TextView.js";
import { Why } from "./Why.js";

/** @typedef {import("../types").Shown} Shown */
/** @typedef {{ list: Shown[], index: number, trace?: string, claims?: import("../types").Claim[], go: (at: number) => void, close: () => void }} Props */

const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

/** @param {Props} props */
export function Viewer(props) {
  useStore();
  const { list, index, close } = props;
  const shown = list[index];
  const { evidence } = shown;
  const kinds = kindsOf(evidence);
  const [chosen, setChosen] = useState("");
  const [zoom, setZoom] = useState(1);
  const [why, setWhy] = useState(false);
  const kind = kinds.includes(chosen) ? chosen : kinds[0];
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  useKeys(props, setZoom);
  useEffect(() => change({ spoken: t("viewer.now", { n: shown.n ?? 1, name: evidence.document, place: placeOf(evidence) }) }), [evidence.id]);
  return html`<aside class="viewer" aria-label=${t("viewer")} ref=${frame} tabindex="-1">
    <header>
      <div class="viewer-name">
        ${shown.n !== null && html`<b class="marker-like">${shown.n}</b>`}
        <div>
          <h2><a href=${addressOf("document", [evidence.document_id])}>${evidence.document}</a></h2>
          <p class="faint">${placeOf(evidence)}</p>
        </div>
        <${Button} icon="close" quiet words=${t("close")} keys="Esc" act=${close} />
      </div>
      <div class="toolbar" role="toolbar" aria-label=${t("viewer.tools")}>
        <${Walk} ...${props} />
        ${kinds.length > 1 && html`<${Kinds} kinds=${kinds} kind=${kind} choose=${setChosen} />`}
        ${(kind === "page" || kind === "figure") && html`<${Zoom} zoom=${zoom} setZoom=${setZoom} />`}
        <span class="group more-tools">
          <${OpenOriginal} evidence=${evidence} />
          <${Button} icon="link" quiet words=${t("copy.address")} act=${() => copied(whole(evidenceAddress(shown)))} />
          ${props.trace && html`<${Button} icon="why" quiet words=${t("why.this")} pressed=${why} act=${() => setWhy(!why)} />`}
        </span>
      </div>
      ${why && props.trace && html`<${Why} trace=${props.trace} evidence=${evidence} claims=${props.claims ?? []} n=${shown.n} />`}
      <${Remarks} shown=${shown} />
    </header>
    <${Body} key=${evidence.id} kind=${kind} shown=${shown} list=${list} zoom=${zoom} go=${props.go} fallback=${kinds.find((one) => one !== "page") ?? ""} />
  </aside>`;
}

/** @param {Props} props @param {(next: (now: number) => number) => void} setZoom */
function useKeys({ list, index, go, close }, setZoom) {
  useLayoutEffect(() => {
    const back = () => index > 0 && go(index - 1);
    const on = () => index < list.length - 1 && go(index + 1);
    const keys = { "[": back, ArrowLeft: back, "]": on, ArrowRight: on, Escape: close };
    return offer({ ...keys, "+": () => setZoom((now) => next(now, 1)), "-": () => setZoom((now) => next(now, -1)), 0: () => setZoom(() => 1) });
  }, [list, index]);
}

/** @param {number} zoom @param {number} by */
const next = (zoom, by) => ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, ZOOMS.indexOf(zoom) + by))];

/** How evidence can be looked at, the best way first. @param {import("../types").Evidence} evidence */
function kindsOf(evidence) {
  if (evidence.withheld) return ["text"];
  const kinds = [];
  if (evidence.kind === "audio" || evidence.kind === "video") kinds.push("media");
  if (evidence.page !== null) kinds.push("page");
  if (tableOf(evidence.text, [])) kinds.push("table");
  if (["figure", "image"].includes(evidence.kind) && evidence.image_url) kinds.push("figure");
  return [...kinds, "text"];
}

/** @param {Shown} shown */
export const evidenceAddress = ({ evidence, quotes }) =>
  addressOf("evidence", [evidence.id], { quote: quotes.slice(0, 4).map((one) => one.slice(0, 400)) });

/** @param {Props} props */
function Walk({ list, index, go }) {
  if (list.length < 2) return null;
  return html`<div class="group">
    <${Button} icon="left" quiet words=${t("citation.before")} keys="[" off=${index === 0} act=${() => go(index - 1)} />
    <span class="faint" aria-live="off">${count(index + 1)} / ${count(list.length)}</span>
    <${Button} icon="right" quiet words=${t("citation.next")} keys="]" off=${index === list.length - 1} act=${() => go(index + 1)} />
  </div>`;
}

/** @param {{ kinds: string[], kind: string, choose: (kind: string) => void }} props */
function Kinds({ kinds, kind, choose }) {
  return html`<div class="segments" role="group" aria-label=${t("view")}>
    ${kinds.map(
      (one) => html`<button key=${one} type="button" aria-pressed=${String(one === kind)} onClick=${() => choose(one)}>${t(`view.${one}`)}</button>`,
    )}
  </div>`;
}

/** @param {{ zoom: number, setZoom: (zoom: number) => void }} props */
function Zoom({ zoom, setZoom }) {
  return html`<div class="group zoom">
    <${Button} icon="minus" quiet words=${t("zoom.out")} keys="−" off=${zoom === ZOOMS[0]} act=${() => setZoom(next(zoom, -1))} />
    <span class="faint">${percent(zoom)}</span>
    <${Button} icon="plus" quiet words=${t("zoom.in")} keys="+" off=${zoom === ZOOMS[ZOOMS.length - 1]} act=${() => setZoom(next(zoom, 1))} />
    <${Button} icon="fit" quiet words=${t("zoom.fit")} keys="0" act=${() => setZoom(1)} />
  </div>`;
}

/** @param {{ shown: Shown }} props */
function Remarks({ shown: { evidence } }) {
  if (evidence.withheld) return html`<p class="fault" role="status">${t(`evidence.${evidence.withheld}`)}</p>`;
  const told = [];
  if (evidence.suspicious.length) told.push(t("evidence.suspicious"));
  if (evidence.description) told.push(t("evidence.described", { by: evidence.described_by ?? "", words: evidence.description }));
  return told.map((one) => html`<p class="faint remark">${one}</p>`);
}

/** @param {{ kind: string, shown: Shown, list: Shown[], zoom: number, go: (at: number) => void, fallback: string }} props */
function Body({ kind, shown, list, zoom, go, fallback }) {
  const { evidence, quotes } = shown;
  if (evidence.withheld) return html`<div class="viewer-body"></div>`;
  if (kind === "media") return html`<${MediaView} evidence=${evidence} />`;
  if (kind === "table") return html`<${TableView} text=${evidence.text} quotes=${quotes} />`;
  if (kind === "figure") return html`<${FigureView} evidence=${evidence} zoom=${zoom} />`;
  if (kind === "text") return html`<${TextView} evidence=${evidence} quotes=${quotes} />`;
  return html`<${PagesView} shown=${shown} list=${list} zoom=${zoom} go=${go} fallback=${fallback} />`;
}
