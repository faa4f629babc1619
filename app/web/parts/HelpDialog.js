/** The keys, what the signs mean, and where the service's key is in use. */
import { html } from "../html.js";
import { change } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";
import { Dialog } from "./Dialog.js";
import { Icon } from "./Icon.js";
import { Sessions } from "./Sessions.js";

const KEYS = { "/": "ask", u: "upload", "[ ]": "citations", "+ − 0": "zoom", Esc: "close", "?": "help" };
const SIGNS = { check: "supported", warn: "unsupported", search: "abstained" };

export function HelpDialog() {
  const close = () => change({ dialog: "" });
  return html`<${Dialog} title=${t("help")} close=${close}>
    <dl class="keys">
      ${Object.entries(KEYS).map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(`help.${what}`)}</dd></div>`)}
    </dl>
    <h3>${t("help.signs")}</h3>
    <ul class="signs">
      ${Object.entries(SIGNS).map(([icon, what]) => html`<li class=${what}><${Icon} name=${icon} />${t(`help.${what}`)}</li>`)}
    </ul>
    <${Sessions} />
    <div class="row end"><${Button} words=${t("close")} kind="main" act=${close} /></div>
  <//>`;
}
