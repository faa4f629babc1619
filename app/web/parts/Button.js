/** A button with a picture, words, or both; without words shown, it has them as its name and as a hint. */
import { html } from "../html.js";
import { Icon } from "./Icon.js";

/** @param {{ icon?: string, words: string, quiet?: boolean, act: (event: Event) => void, kind?: string, off?: boolean, pressed?: boolean, keys?: string }} props */
export function Button({ icon, words, quiet = false, act, kind = "", off = false, pressed, keys }) {
  const hint = quiet ? words + (keys ? ` (${keys})` : "") : undefined;
  return html`<button
    type="button"
    class="button ${kind} ${quiet ? "quiet" : ""}"
    onClick=${act}
    disabled=${off}
    aria-label=${quiet ? words : undefined}
    aria-pressed=${pressed === undefined ? undefined : String(pressed)}
    title=${hint}
  >
    ${icon && html`<${Icon} name=${icon} />`}${!quiet && html`<span>${words}</span>`}
  </button>`;
}
