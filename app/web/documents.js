/** The documents of a collection: loaded page by page, shown newest first, kept in step with what is followed. */
import { followed, isFinished } from "./following.js";
import { get, problemOf, send } from "./service.js";
import { change, state } from "./store.js";

/** @typedef {import("./types").Document} Document */

const PAGE = 200;
const MOST = 20_000; // what a browser holds with ease

export const library = {
  collection: "",
  /** @type {Map<string, Document>} */
  documents: new Map(),
  whole: false,
  fault: "",
};

/** Where new documents go. */
export function targetCollection() {
  const named = state.address.view === "documents" ? state.address.query.get("in") : null;
  return named ?? (state.address.view === "documents" ? library.collection : "") ?? state.scope.collections[0] ?? "default";
}

let asked = 0;

/** @param {string} collection */
export async function load(collection) {
  const mine = ++asked;
  Object.assign(library, { collection, documents: new Map(), whole: false, fault: "" });
  change({});
  let cursor = null;
  try {
    do {
      const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await get(`/v1/collections/${encodeURIComponent(collection)}/documents?limit=${PAGE}${after}`);
      if (mine !== asked) return;
      for (const document of page.documents) library.documents.set(document.id, document);
      cursor = page.next_cursor;
      change({});
    } while (cursor && library.documents.size < MOST);
    library.whole = true;
  } catch (error) {
    if (mine === asked) library.fault = problemOf(error).detail;
  }
  change({});
}

/** Newest first, with the newest news of each. @returns {Document[]} */
export function shownDocuments() {
  const all = new Map(library.documents);
  for (const document of followed.values()) {
    if (document.collection === library.collection || all.has(document.id)) all.set(document.id, document);
  }
  return [...all.values()].sort((a, b) => Number(isFinished(a)) - Number(isFinished(b)) || (a.created_at < b.created_at ? 1 : -1));
}

/** @param {Document} document what the service said of it now */
export function renew(document) {
  if (library.documents.has(document.id)) library.documents.set(document.id, document);
  change({});
}

/** @param {string} id */
export async function deleteDocument(id) {
  await send("DELETE", `/v1/documents/${id}`);
  library.documents.delete(id);
  followed.delete(id);
  change({});
}
