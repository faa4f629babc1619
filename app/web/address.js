/** Addresses of views: `#/view/part/part?query`. Each can be sent to a colleague. */
import { change, state } from "./store.js";

/** @param {string} hash @returns {import("./types").Address} */
export function parsed(hash) {
  const [path, query = ""] = cut(hash.replace(/^#\/?/, ""), "?");
  const [view = "", ...parts] = path.split("/").map(plain);
  return { view: view || "ask", parts: parts.filter(Boolean), query: new URLSearchParams(query) };
}

/** @param {string} view @param {string[]} parts @param {Record<string, string | number | string[] | null | undefined>} query */
export function addressOf(view, parts = [], query = {}) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") words.append(name, String(one));
    }
  }
  const path = [view, ...parts].map(encodeURIComponent).join("/");
  return `#/${path}${words.size ? `?${words}` : ""}`;
}

/** @param {string} address */
export function go(address) {
  if (address === location.hash) return;
  location.hash = address;
  read(); // now, and not when the browser tells of it
}

/** Changes the address without a step back to the former. @param {string} address */
export function replace(address) {
  history.replaceState(null, "", address);
  read();
}

export function read() {
  const address = parsed(location.hash);
  change({ address, ...(address.view === state.address.view ? {} : { lit: [] }) });
}

/** @param {string} address */
export const whole = (address) => `${location.origin}${location.pathname}${address}`;

/** @param {string} text @param {string} at */
function cut(text, at) {
  const place = text.indexOf(at);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}

/** @param {string} part */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // half an escape
  }
}
