/** Sentences at the edge of the screen. */
import { html } from "../html.js";
import { state, unsay } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";
import { Icon } from "./Icon.js";

export function Messages() {
  return html`<div class="messages" role="status">
    ${state.messages.map(
      (one) => html`<div key=${one.key} class="message ${one.wrong ? "wrong" : ""}">
        <${Icon} name=${one.wrong ? "warn" : "check"} /><span>${one.sentence}</span>
        <${Button} icon="close" quiet words=${t("close")} act=${() => unsay(one.key)} />
      </div>`,
    )}
  </div>`;
}
