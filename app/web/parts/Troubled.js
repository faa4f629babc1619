/** A view that fails to be drawn says so, and the rest of the page goes on. */
import { html, useErrorBoundary } from "../html.js";
import { t } from "../words.js";
import { Button } from "./Button.js";

/** @param {{ children: unknown }} props */
export function Troubled({ children }) {
  const [error, again] = useErrorBoundary((fault) => console.error(fault));
  if (!error) return children;
  return html`<div class="empty" role="alert">
    <h1>${t("troubled")}</h1>
    <${Button} icon="again" words=${t("try.again")} act=${again} />
  </div>`;
}
