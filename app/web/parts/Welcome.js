/** The first thing one sees: what can be done here. */
import { html, useEffect, useState } from "../html.js";
import { get } from "../service.js";
import { state } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";

export function Welcome() {
  const [empty, setEmpty] = useState(false);
  const { collections } = state.scope;
  useEffect(() => {
    if (!state.collectionsKnown) return;
    const firsts = collections.map((name) => get(`/v1/collections/${encodeURIComponent(name)}/documents?limit=1`));
    Promise.all(firsts).then(
      (all) => setEmpty(all.every((one) => !one.documents.length)),
      () => setEmpty(false),
    );
  }, [state.collectionsKnown, collections.join("\n")]);
  return html`<div class="welcome">
    <h1>${t("welcome")}</h1>
    <p>${empty ? t("welcome.empty") : t("welcome.means")}</p>
    ${empty &&
    html`<${Button}
      icon="upload"
      kind="main"
      words=${t("documents.add")}
      act=${() => dispatchEvent(new Event("choose-files"))}
    />`}
  </div>`;
}
