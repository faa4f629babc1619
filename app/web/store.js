/** What the page knows. Views are functions of it; whoever changes it says so with `change`. */
import { useEffect, useState } from "./html.js";

/** @typedef {import("./types").Turn} Turn */
/** @typedef {import("./types").Upload} Upload */

const listeners = new Set();
let told = false;

export const state = {
  /** @type {import("./types").Address} */
  address: { view: "ask", parts: [], query: new URLSearchParams() },
  /** @type {import("./types").Collection[]} */
  collections: [],
  collectionsKnown: false,
  /** @type {import("./types").Scope} */
  scope: { collections: ["default"], documents: [], kinds: [], metadata: [] },
  draft: "",
  /** @type {string | null} */
  picture: null,
  /** @type {{ id: string | null, title: string, turns: Turn[] }} */
  conversation: { id: null, title: "", turns: [] },
  /** @type {number[]} the citations under the pointer or the focus */
  lit: [],
  /** @type {Upload[]} */
  uploads: [],
  /** @type {string[]} names of files whose sending was cut off by a reload */
  lost: [],
  down: false,
  keyWanted: false,
  /** @type {"" | "help" | "menu"} */
  dialog: "",
  /** @type {null | { title: string, means: string, does: string, act: () => void, name?: string, named?: (name: string) => Promise<void> }} */
  question: null,
  /** @type {{ key: number, sentence: string, wrong: boolean }[]} */
  messages: [],
  /** what the screen reader is told */
  spoken: "",
};

/** @param {Partial<typeof state>} news */
export function change(news) {
  Object.assign(state, news);
  if (told) return;
  told = true;
  queueMicrotask(() => {
    told = false;
    for (const listener of listeners) listener();
  });
}

export function useStore() {
  const [, set] = useState(0);
  useEffect(() => {
    const listener = () => set((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return state;
}

let keys = 0;

/** A sentence at the edge of the screen. @param {string} sentence @param {boolean} wrong */
export function say(sentence, wrong = false) {
  const key = ++keys;
  change({ messages: [...state.messages.slice(-3), { key, sentence, wrong }] });
  if (!wrong) setTimeout(() => unsay(key), 5000);
}

/** @param {number} key */
export function unsay(key) {
  change({ messages: state.messages.filter((one) => one.key !== key) });
}
