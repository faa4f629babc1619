/** A list of thousands: only the rows near the window are drawn. */
import { html, useEffect, useRef, useState } from "../html.js";

const BEYOND = 8; // rows drawn above and below

/** @param {{ items: any[], rowPx: number, label: string, row: (item: any) => unknown }} props items have an id */
export function LongList({ items, rowPx, label, row }) {
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const [[first, last], set] = useState([0, 30]);
  useEffect(() => {
    const look = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowPx) - BEYOND);
      const to = from + Math.ceil(innerHeight / rowPx) + 2 * BEYOND;
      set((now) => (now[0] === from && now[1] === to ? now : [from, to]));
    };
    look();
    const options = { capture: true, passive: true };
    addEventListener("scroll", look, options);
    addEventListener("resize", look);
    return () => (removeEventListener("scroll", look, options), removeEventListener("resize", look));
  }, [items.length]);
  return html`<ul class="long" ref=${list} aria-label=${label} style=${{ height: `${items.length * rowPx}px` }}>
    ${items.slice(first, last).map(
      (item, i) => html`<li
        key=${item.id}
        aria-setsize=${items.length}
        aria-posinset=${first + i + 1}
        style=${{ top: `${(first + i) * rowPx}px`, height: `${rowPx}px` }}
      >
        ${row(item)}
      </li>`,
    )}
  </ul>`;
}
