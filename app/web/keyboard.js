/** Keys that work everywhere but where one types. */
import { go } from "./address.js";
import { change, state } from "./store.js";

/** @type {Map<string, () => void>} what views offer while they are shown */
const offered = new Map();

/** @param {Record<string, () => void>} keys @returns {() => void} takes them back */
export function offer(keys) {
  for (const [key, act] of Object.entries(keys)) offered.set(key, act);
  return () => {
    for (const [key, act] of Object.entries(keys)) if (offered.get(key) === act) offered.delete(key);
  };
}

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const act = actOf(event.key, isTyping(event.target));
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {string} key @param {boolean} typing */
function actOf(key, typing) {
  if (document.querySelector("dialog[open]")) return undefined; // it has its own keys
  if (key === "Escape") return offered.get(key);
  if (typing) return undefined;
  if (key === "/") return toQuestion;
  if (key === "?") return () => change({ dialog: "help" });
  if (key === "u") return () => dispatchEvent(new Event("choose-files"));
  return offered.get(key);
}

function toQuestion() {
  const field = () => /** @type {HTMLElement | null} */ (document.getElementById("question"));
  if (!field()) go("#/ask");
  requestAnimationFrame(() => requestAnimationFrame(() => field()?.focus()));
  change({ address: state.address });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest("input, textarea, select, [contenteditable]");
  return field !== null && !(field instanceof HTMLInputElement && /checkbox|radio|button/.test(field.type));
}
