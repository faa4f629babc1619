/** What can be done with a document: cancel, retry, replace, delete. */
import { deleteDocument, renew } from "../documents.js";
import { addDocument } from "../following.js";
import { html, useRef } from "../html.js";
import { problemOf, send } from "../service.js";
import { change, say } from "../store.js";
import { upload } from "../uploads.js";
import { t } from "../words.js";
import { Button } from "./Button.js";

/** @typedef {import("../types").Document} Document */

/** @param {{ document: Document, quiet?: boolean, gone?: () => void }} props */
export function DocumentActions({ document, quiet = false, gone }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { status, name } = document;
  const unfinished = status === "queued" || status === "running";
  const again = status === "failed" || status === "cancelled" || status === "partial";
  const chosen = (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) upload([{ file, folder: "" }], document.collection, document.id);
  };
  return html`<div class="row document-actions">
    ${unfinished && html`<${Button} icon="stop" quiet=${quiet} kind=${quiet ? "" : "soft"} words=${t("document.cancel", { name })} act=${() => ask(document, "cancel")} />`}
    ${again && html`<${Button} icon="again" quiet=${quiet} kind=${quiet ? "" : "soft"} words=${t("document.retry", { name })} act=${() => ask(document, "retry")} />`}
    ${!unfinished &&
    html`<input ref=${field} type="file" hidden aria-label=${t("document.replace", { name })} onChange=${chosen} /><${Button}
        icon="replace" quiet=${quiet} kind=${quiet ? "" : "soft"} words=${t("document.replace", { name })} act=${() => field.current?.click()}
      />`}
    <${Button} icon="bin" quiet=${quiet} kind=${quiet ? "" : "soft"} words=${t("document.delete", { name })} act=${() => askDeletion(document, gone)} />
  </div>`;
}

/** @param {Document} document @param {"cancel" | "retry"} what */
async function ask(document, what) {
  try {
    const now = await send("POST", `/v1/documents/${document.id}/${what}`);
    renew(now);
    addDocument(now);
  } catch (error) {
    say(problemOf(error).detail, true);
  }
}

/** @param {Document} document @param {(() => void) | undefined} gone */
function askDeletion(document, gone) {
  const pieces = Object.values(document.chunks).reduce((sum, n) => sum + n, 0);
  const act = async () => {
    try {
      await deleteDocument(document.id);
      say(t("document.deleted", { name: document.name }));
      gone?.();
    } catch (error) {
      say(problemOf(error).detail, true);
    }
  };
  const title = t("document.delete.title", { name: document.name });
  change({ question: { title, means: t("document.delete.means", { n: pieces }), does: t("delete"), act } });
}
