/** What is being sent, in a corner, whatever view is shown. */
import { forgetFinished } from "../uploads.js";
import { html, useState } from "../html.js";
import { state, useStore } from "../store.js";
import { percent, t } from "../words.js";
import { Button } from "./Button.js";
import { Icon } from "./Icon.js";

const MOST = 60;

export function UploadTray() {
  useStore();
  const [folded, fold] = useState(false);
  const { uploads, lost } = state;
  if (!uploads.length && !lost.length) return null;
  const open = uploads.filter((one) => one.state === "waiting" || one.state === "sending");
  const wrong = uploads.filter((one) => one.state === "refused" || one.state === "lost");
  const words = open.length ? t("upload.sending", { n: open.length }) : wrong.length ? t("upload.some_failed", { n: wrong.length }) : t("upload.done", { n: uploads.length });
  const sorted = [...wrong, ...open, ...uploads.filter((one) => one.state === "taken")];
  return html`<section class="tray" aria-label=${t("upload.tray")}>
    <header>
      <strong role="status">${uploads.length ? words : t("upload.lost.title")}</strong>
      <span class="room"></span>
      <${Button} icon=${folded ? "plus" : "minus"} quiet words=${t(folded ? "unfold" : "fold")} act=${() => fold(!folded)} />
      ${!open.length && html`<${Button} icon="close" quiet words=${t("close")} act=${forgetFinished} />`}
    </header>
    ${!folded && lost.length > 0 && html`<p class="fault">${t("upload.lost.by_reload", { names: lost.join(", ") })}</p>`}
    ${!folded && html`<ul tabindex="0" aria-label=${t("upload.tray")}>${sorted.slice(0, MOST).map((one) => html`<${One} key=${`${one.key} ${one.state}`} one=${one} />`)}</ul>`}
    ${!folded && sorted.length > MOST && html`<p class="faint">${t("and.more", { n: sorted.length - MOST })}</p>`}
  </section>`;
}

const SHAPES = { waiting: "history", sending: "upload", taken: "check", refused: "warn", lost: "warn" };

/** Made anew with its state: a row that is moved keeps its colours in Chromium. @param {{ one: import("../types").Upload }} props */
function One({ one }) {
  const share = one.size ? Math.min(1, one.sent / one.size) : 0;
  const wrong = one.state === "refused" || one.state === "lost";
  return html`<li class=${wrong ? "wrong" : ""}>
    <${Icon} name=${SHAPES[one.state]} />
    <div>
      <span class="name">${one.name}</span>
      ${one.state === "sending" && html`<progress value=${share} aria-label=${t("upload.progress", { name: one.name })}></progress>`}
      <span class="faint">${one.sentence || (one.state === "sending" ? percent(share) : t(`upload.${one.state}`))}</span>
    </div>
    ${wrong && html`<${Button} icon="again" quiet words=${t("try.again")} act=${one.again} />`}
  </li>`;
}
