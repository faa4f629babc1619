/** The collections, as the page knows them. */
import { get, listed, problemOf, send } from "./service.js";
import { change, say, state } from "./store.js";

const KEPT = "exhibit.collections";

export async function loadCollections() {
  try {
    const collections = await listed("/v1/collections", "collections");
    const names = await chosen(collections);
    change({ collections, collectionsKnown: true, scope: { ...state.scope, collections: names } });
  } catch (error) {
    addEventListener("service-back", () => void loadCollections(), { once: true });
    if (problemOf(error).status) say(problemOf(error).detail, true);
  }
}

/** Those of the last time, as far as they are still there; else the first that holds something. @param {{ name: string }[]} collections */
async function chosen(collections) {
  const names = new Set(collections.map((one) => one.name));
  const kept = (localStorage.getItem(KEPT) ?? "").split("\n").filter((name) => names.has(name));
  const now = state.scope.collections.filter((name) => names.has(name) && name !== "default");
  return now.length ? now : kept.length ? kept : [await firstWithDocuments([...names])];
}

/** @param {string[]} names */
async function firstWithDocuments(names) {
  for (const name of ["default", ...names.slice(0, 5)]) {
    const { documents } = await get(`/v1/collections/${encodeURIComponent(name)}/documents?limit=1`);
    if (documents.length) return name;
  }
  return "default";
}

/** @param {string[]} names */
export function chooseCollections(names) {
  localStorage.setItem(KEPT, names.join("\n"));
  change({ scope: { ...state.scope, collections: names, documents: [] } });
}

/** @param {string} name */
export async function createCollection(name) {
  await send("POST", "/v1/collections", { name });
  await loadCollections();
}

/** @param {string} name */
export async function deleteCollection(name) {
  await send("DELETE", `/v1/collections/${encodeURIComponent(name)}`);
  await loadCollections();
}

/** @param {string} name @param {string} renamed */
export async function renameCollection(name, renamed) {
  await send("PATCH", `/v1/collections/${encodeURIComponent(name)}`, { name: renamed });
  await loadCollections();
}
