/** Asks for the service's key, which opens a session. What was begun goes on then. */
import { html, useState } from "../html.js";
import { enter } from "../sessions.js";
import { t } from "../words.js";
import { Dialog } from "./Dialog.js";

export function KeyDialog() {
  const [key, setKey] = useState("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const done = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy || !key.trim()) return;
    setBusy(true);
    setFault(await enter(key));
    setBusy(false);
  };
  return html`<${Dialog} title=${t("key")} close=${() => {}}>
    <form onSubmit=${done}>
      <p>${t("key.means")}</p>
      ${fault && html`<p class="fault" role="alert">${fault}</p>`}
      <input
        type="password" autofocus autocomplete="current-password" aria-label=${t("key")} value=${key}
        onInput=${(/** @type {any} */ event) => setKey(event.target.value)}
      />
      <div class="row end"><button type="submit" class="button main" disabled=${busy || !key.trim()}>${t("key.use")}</button></div>
    </form>
  <//>`;
}
