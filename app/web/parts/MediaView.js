/** Sound or film, from the time that is cited. */
import { html, useRef, useState } from "../html.js";
import { clock } from "../references.js";
import { t } from "../words.js";

/** @param {{ evidence: import("../types").Evidence }} props */
export function MediaView({ evidence }) {
  const player = useRef(/** @type {HTMLMediaElement | null} */ (null));
  const [broken, setBroken] = useState(false);
  const start = evidence.place?.start_s ?? 0;
  const begun = () => {
    if (player.current) player.current.currentTime = start;
  };
  const given = { ref: player, src: `/v1/documents/${evidence.document_id}/file`, onError: () => setBroken(true), controls: true, onLoadedMetadata: begun, "aria-label": evidence.document };
  return html`<div class="viewer-body text-view" tabindex="0" role="region" aria-label=${t("view.media")}>
    ${broken && html`<p class="fault">${t("evidence.none")}</p>`}
    ${evidence.kind === "video" ? html`<video ...${given}></video>` : html`<audio ...${given}></audio>`}
    <p class="faint">${t("media.from", { at: clock(start) })}</p>
    <div class="prose">${evidence.text}</div>
  </div>`;
}
