/** Where the key is in use: this browser, to sign out, and others, to be ended. Nothing where no key is needed. */
import { html, useEffect, useState } from "../html.js";
import { problemOf } from "../service.js";
import { browserOf, end, sessions } from "../sessions.js";
import { say } from "../store.js";
import { day, t } from "../words.js";
import { Button } from "./Button.js";

/** @typedef {import("../sessions.js").Session} Session */

export function Sessions() {
  const [all, setAll] = useState(/** @type {Session[]} */ ([]));
  const wrong = (/** @type {unknown} */ error) => say(problemOf(error).detail, true);
  const look = () => sessions().then(setAll, wrong);
  const ended = (/** @type {Session} */ one) => end(one).then(look, wrong);
  useEffect(() => void look(), []);
  if (!all.length) return null;
  return html`<h3>${t("sessions")}</h3>
    <ul class="sessions" aria-label=${t("sessions")}>
      ${all.map((one) => html`<${One} key=${one.id} one=${one} ended=${() => ended(one)} />`)}
    </ul>`;
}

/** @param {{ one: Session, ended: () => void }} props */
function One({ one, ended }) {
  const name = browserOf(one.agent);
  return html`<li>
    <div title=${one.agent}>
      ${name}<span class="faint">${one.current ? t("session.current") : t("session.used", { at: day(one.used_at) })}</span>
    </div>
    ${one.current
      ? html`<${Button} kind="soft" words=${t("session.leave")} act=${ended} />`
      : html`<${Button} icon="close" quiet words=${t("session.end", { name })} act=${ended} />`}
  </li>`;
}
