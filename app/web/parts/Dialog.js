/** A dialog over the page: the browser's own, which keeps the focus inside and gives it back. */
import { html, useEffect, useRef } from "../html.js";

/** @param {{ title: string, close: () => void, children: unknown }} props */
export function Dialog({ title, close, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const former = /** @type {HTMLElement | null} */ (document.activeElement);
    dialog.current?.showModal();
    return () => former?.focus?.();
  }, []);
  const cancelled = (/** @type {Event} */ event) => (event.preventDefault(), close());
  const clicked = (/** @type {Event} */ event) => event.target === dialog.current && close();
  return html`<dialog ref=${dialog} aria-label=${title} onCancel=${cancelled} onClick=${clicked}>
    <div class="dialog"><h2>${title}</h2>${children}</div>
  </dialog>`;
}
