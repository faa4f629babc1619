/** The whole page: the way around at the side, the view that the address names, and what may lie over it. */
import { html, useEffect } from "../html.js";
import { useStore } from "../store.js";
import { Ask } from "./Ask.js";
import { Conversations } from "./Conversations.js";
import { DocumentView } from "./DocumentView.js";
import { Documents } from "./Documents.js";
import { EvidenceView } from "./EvidenceView.js";
import { DropZone } from "../parts/DropZone.js";
import { HelpDialog } from "../parts/HelpDialog.js";
import { KeyDialog } from "../parts/KeyDialog.js";
import { Messages } from "../parts/Messages.js";
import { SureDialog } from "../parts/SureDialog.js";
import { Sidebar } from "../parts/Sidebar.js";
import { Troubled } from "../parts/Troubled.js";
import { UploadTray } from "../parts/UploadTray.js";
import { t } from "../words.js";

/** @type {Record<string, unknown>} */
const VIEWS = {
  ask: Ask,
  c: Ask,
  documents: Documents,
  document: DocumentView,
  conversations: Conversations,
  evidence: EvidenceView,
};

export function Page() {
  const state = useStore();
  const { view, parts } = state.address;
  const View = VIEWS[view] ?? Ask;
  useEffect(() => {
    document.title = `${t(`title.${view in VIEWS ? view : "ask"}`)} · Exhibit`;
  });
  return html`
    <button type="button" class="skip" onClick=${() => document.getElementById("main")?.focus()}>
      ${t("skip")}
    </button>
    <div class="frame">
      <${Sidebar} />
      <main id="main" tabindex="-1" aria-label=${t(`title.${view in VIEWS ? view : "ask"}`)}>
        ${state.down && html`<p class="banner" role="status">${t("service.down.banner")}</p>`}
        <${Troubled} key=${`${view}/${view === "documents" ? "" : parts[0]}`}><${View} /><//>
      </main>
    </div>
    <${UploadTray} />
    <${DropZone} />
    <${Messages} />
    ${state.dialog === "help" && html`<${HelpDialog} />`} ${state.question && html`<${SureDialog} />`}
    ${state.keyWanted && html`<${KeyDialog} />`}
    <div class="unseen" role="status" aria-live="polite">${state.spoken}</div>
  `;
}
