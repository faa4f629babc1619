/** Small pictures, drawn with lines. */
import { html } from "../html.js";

/** @type {Record<string, string>} */
const LINES = {
  ask: "M4 5h16v11H9l-5 4z",
  documents: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 16h6",
  history: "M12 7v5l3 2 M4 12a8 8 0 1 0 2.5-5.8 M4 4v4h4",
  plus: "M12 5v14 M5 12h14",
  send: "M5 12h13 M12 6l6 6-6 6",
  stop: "M7 7h10v10H7z",
  picture: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15.5 9.5h.01",
  filter: "M4 6h16 M7 12h10 M10 18h4",
  close: "M6 6l12 12 M18 6L6 18",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  down: "M5 9l7 7 7-7",
  minus: "M5 12h14",
  fit: "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5",
  out: "M13 5h6v6 M19 5l-9 9 M10 6H5v13h13v-5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1 M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  copy: "M9 9h11v11H9z M15 9V4H4v11h5",
  print: "M7 9V4h10v5 M7 17H4V9h16v8h-3 M7 14h10v6H7z",
  again: "M20 12a8 8 0 1 1-2.5-5.8 M20 4v4h-4",
  why: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4 M12 18h.01",
  bin: "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13",
  pen: "M4 20l1-5L16 4l4 4L9 19z",
  upload: "M12 16V5 M7 10l5-5 5 5 M5 19h14",
  folder: "M3 6h6l2 2h10v11H3z",
  save: "M12 4v11 M7 10l5 5 5-5 M5 20h14",
  code: "M8 7l-5 5 5 5 M16 7l5 5-5 5 M13.5 5l-3 14",
  check: "M5 12.5l4.5 4.5L19 7",
  warn: "M12 4l9 16H3z M12 10v4 M12 17h.01",
  cross: "M8 8l8 8 M16 8l-8 8",
  info: "M12 11v6 M12 7.5h.01",
  theme: "M12 4a8 8 0 1 0 0 16z M12 4a8 8 0 0 1 0 16",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18z M3 12h18 M12 3c-5 5-5 13 0 18 M12 3c5 5 5 13 0 18",
  menu: "M4 7h16 M4 12h16 M4 17h16",
  key: "M14 10a4 4 0 1 0-1 2.6L15 15h2v2h2v2h2v-3l-7-6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 1 0 0-14z M16 16l5 5",
  replace: "M4 8h13 M13 4l4 4-4 4 M20 16H7 M11 12l-4 4 4 4",
};

/** @param {{ name: string }} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${LINES[name]} /></svg>`;
}
