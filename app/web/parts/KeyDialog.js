/** Asks for the service's key. What was begun goes on once it is typed. */
import { html, useState } from "../html.js";
import { useKey } from "../service.js";
import { state } from "../store.js";
import { t } from "../words.js";
import { Dialog } from "./Dialog.js";

export function KeyDialog() {
  const [key, setKey] = useState("");
  const done = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (key.trim()) useKey(key);
  };
  return html`<${Dialog} title=${t("key")} close=${() => {}}>
    <form onSubmit=${done}>
      <p>${t("key.means")}</p>
      ${state.keyRefused && html`<p class="fault" role="alert">${t("key.refused")}</p>`}
      <input
        type="password" autofocus autocomplete="current-password" aria-label=${t("key")} value=${key}
        onInput=${(/** @type {any} */ event) => setKey(event.target.value)}
      />
      <div class="row end"><button type="submit" class="button main" disabled=${!key.trim()}>${t("key.use")}</button></div>
    </form>
  <//>`;
}
