/** Asks before something is done that can't be undone; or for a name. */
import { html, useState } from "../html.js";
import { problemOf } from "../service.js";
import { change, state } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";
import { Dialog } from "./Dialog.js";

const close = () => change({ question: null });

export function SureDialog() {
  const { question } = state;
  const [name, setName] = useState(question?.name ?? "");
  const [fault, setFault] = useState("");
  if (!question) return null;
  const { title, means, does, act, named } = question;
  const done = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      if (named) await named(name.trim());
      else act();
      close();
    } catch (error) {
      setFault(problemOf(error).detail);
    }
  };
  return html`<${Dialog} title=${title} close=${close}>
    <form onSubmit=${done}>
      <p>${means}</p>
      ${named && html`<input autofocus aria-label=${title} value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}
      ${fault && html`<p class="fault" role="alert">${fault}</p>`}
      <div class="row end">
        <${Button} words=${t("no")} kind="soft" act=${close} />
        <button type="submit" class="button ${named ? "main" : "danger"}" disabled=${Boolean(named) && !name.trim()}>${does}</button>
      </div>
    </form>
  <//>`;
}
