/** The answer's text: claims with their verdicts, markers that open their evidence. */
import { assign, blocksOf } from "../answer-text.js";
import { html, useMemo } from "../html.js";
import { change, state, useStore } from "../store.js";
import { t } from "../words.js";
import { showCitation } from "../showing.js";
import { Icon } from "./Icon.js";

/** @typedef {import("../answer-text.js").Leaf} Leaf */
/** @typedef {import("../answer-text.js").Block} Block */
/** @typedef {import("../types").Claim} Claim */
/** @typedef {import("../types").Citation} Citation */
/** @typedef {{ claims: Claim[], turn: number, ready: boolean }} Around */

/** @param {{ text: string, claims: Claim[], citations: Citation[] | null, turn: number }} props */
export function AnswerText({ text, claims, citations, turn }) {
  useStore();
  const blocks = useMemo(() => {
    const known = (/** @type {number} */ n) => citations === null || citations.some((one) => one.n === n);
    const made = blocksOf(text, known);
    assign(made, claims);
    return made;
  }, [text, claims, citations]);
  const around = { claims, turn, ready: citations !== null };
  return html`<div class="text">${grouped(blocks).map((group) => html`<${Group} group=${group} around=${around} />`)}</div>`;
}

/** Items of a list together, rows of a table together. @param {Block[]} blocks */
function grouped(blocks) {
  /** @type {Block[][]} */
  const groups = [];
  for (const block of blocks) {
    const last = groups[groups.length - 1];
    if (last && last[0].kind === block.kind && (block.kind === "item" || block.kind === "row")) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

/** @param {{ group: Block[], around: Around }} props */
function Group({ group, around }) {
  const [first] = group;
  if (first.kind === "code") return html`<pre>${first.cells[0][0].text}</pre>`;
  if (first.kind === "h") return html`<h3><${Runs} leaves=${first.cells[0]} around=${around} /></h3>`;
  if (first.kind === "item") {
    return html`<ul>
      ${group.map(
        (item) => html`<li class="depth${item.depth}">
          <span class="bullet" aria-hidden=${item.mark === "•" ? "true" : undefined}>${item.mark}</span>
          <div><${Runs} leaves=${item.cells[0]} around=${around} /></div>
        </li>`,
      )}
    </ul>`;
  }
  if (first.kind === "row") {
    return html`<div class="scrolls" tabindex="0" role="group" aria-label=${t("view.table")}><table>
      <tbody>
        ${group.map(
          (row) => html`<tr>${row.cells.map((leaves) => html`<td><${Runs} leaves=${leaves} around=${around} /></td>`)}</tr>`,
        )}
      </tbody>
    </table></div>`;
  }
  return html`<p><${Runs} leaves=${first.cells[0]} around=${around} /></p>`;
}

/** Leaves of one claim together, then its markers, then its verdict. @param {{ leaves: Leaf[], around: Around }} props */
function Runs({ leaves, around }) {
  /** @type {unknown[]} */
  const drawn = [];
  let claim = -1;
  /** @type {Leaf[]} */
  let held = [];
  const close = () => {
    if (held.length) drawn.push(html`<${ClaimText} leaves=${held} at=${claim} around=${around} />`);
    held = [];
  };
  const settle = () => {
    close();
    if (claim >= 0) drawn.push(html`<${ClaimVerdict} at=${claim} around=${around} />`);
    claim = -1;
  };
  for (const [at, leaf] of leaves.entries()) {
    if (leaf.marker) {
      close();
      drawn.push(...leaf.marker.map((n) => html`<${Marker} n=${n} around=${around} />`));
    } else if (leaf.claim === undefined && !leaf.text.trim()) {
      if (held.length) held.push(leaf);
      else {
        if (!leaves[at + 1]?.marker) settle(); // the verdict stands before the space, not at the next sentence
        drawn.push(leaf.text);
      }
    } else {
      if ((leaf.claim ?? -1) !== claim) settle();
      claim = leaf.claim ?? -1;
      held.push(leaf);
    }
  }
  settle();
  return drawn;
}

/** @param {{ leaves: Leaf[], at: number, around: Around }} props */
function ClaimText({ leaves, at, around }) {
  const claim = around.claims[at];
  const words = leaves.map((leaf) => {
    if (leaf.code) return html`<code>${leaf.text}</code>`;
    if (leaf.strong) return html`<strong>${leaf.text}</strong>`;
    return leaf.em ? html`<em>${leaf.text}</em>` : leaf.text;
  });
  if (!claim) return html`<span>${words}</span>`;
  const lit = claim.citations.some((n) => state.lit.includes(n));
  const over = light(claim.citations);
  return html`<span class="claim ${claim.supported ? "" : "doubtful"} ${lit ? "lit" : ""}" ...${over}>${words}</span>`;
}

/** @param {{ at: number, around: Around }} props */
function ClaimVerdict({ at, around }) {
  const claim = around.claims[at];
  const words = t(claim.supported ? "claim.supported" : "claim.unsupported");
  const open = () => claim.citations.length && showCitation(around.turn, claim.citations[0]);
  return html`<button
    type="button"
    class="claim-verdict ${claim.supported ? "good" : "bad"}"
    aria-label=${t("claim.verdict", { words, text: claim.text })}
    title=${words}
    onClick=${open}
    ...${light(claim.citations)}
  >
    <${Icon} name=${claim.supported ? "check" : "warn"} />${!claim.supported && html`<span>${words}</span>`}
  </button>`;
}

/** @param {{ n: number, around: Around }} props */
export function Marker({ n, around }) {
  const { query } = state.address;
  const open = query.get("n") === String(n) && Number(query.get("turn") ?? around.turn) === around.turn;
  if (!around.ready) return html`<span class="marker early">${n}</span>`;
  return html`<button
    type="button"
    class="marker ${open ? "open" : ""} ${state.lit.includes(n) ? "lit" : ""}"
    aria-label=${t("citation", { n })}
    aria-expanded=${String(open)}
    onClick=${() => showCitation(around.turn, n)}
    ...${light([n])}
  >
    ${n}
  </button>`;
}

/** Pointer or focus here lights these citations wherever they are. @param {number[]} citations */
export function light(citations) {
  const on = () => change({ lit: citations });
  const off = () => change({ lit: [] });
  return { onMouseEnter: on, onMouseLeave: off, onFocus: on, onBlur: off };
}
