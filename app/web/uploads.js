/** Sending files, one after the other, and following documents until they are read. */
import { addDocument, followAll } from "./following.js";
import { isDown, listed, problemOf, send, sessionAfter, sessionsOpened } from "./service.js";
import { change, say, state } from "./store.js";
import { t } from "./words.js";

/** @typedef {import("./types").Upload} Upload */
/** @typedef {{ file: File, folder: string }} Found */

const AT_ONCE = 2;
const KEPT = "exhibit.sending";

let keys = 0;
/** @type {(() => Promise<void>)[]} */
const line = [];
let sending = 0;

/** Names of files that a reload cut off: they have to be given once more. @returns {string[]} */
export function namesLostByReload() {
  const names = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  sessionStorage.removeItem(KEPT);
  return names;
}

addEventListener("beforeunload", (event) => {
  const names = state.uploads.filter((one) => one.state === "waiting" || one.state === "sending").map((one) => one.name);
  if (!names.length) return;
  sessionStorage.setItem(KEPT, JSON.stringify(names));
  event.preventDefault();
});

/** @param {Found[]} found @param {string} collection @param {string | null} replaces a document's id */
export function upload(found, collection, replaces = null) {
  for (const { file, folder } of found) {
    /** @type {Upload} */
    const one = { key: ++keys, name: file.name, collection, sent: 0, size: file.size, state: "waiting", sentence: "", again: null };
    one.again = () => queue(one, () => sendFile(one, file, folder, replaces));
    change({ uploads: [...state.uploads, one] });
    one.again();
  }
}

/** @param {string} url @param {string} collection */
export function uploadAddress(url, collection) {
  /** @type {Upload} */
  const one = { key: ++keys, name: url, collection, sent: 0, size: 0, state: "waiting", sentence: "", again: null };
  one.again = () => queue(one, () => sendAddress(one, url));
  change({ uploads: [...state.uploads, one] });
  one.again();
}

/** @param {Upload} one @param {() => Promise<void>} act */
function queue(one, act) {
  Object.assign(one, { state: "waiting", sentence: "", sent: 0 });
  line.push(async () => {
    one.state = "sending";
    change({});
    await act();
    change({});
  });
  change({});
  next();
}

function next() {
  if (sending >= AT_ONCE) return;
  const act = line.shift();
  if (!act) return;
  sending += 1;
  act().finally(() => {
    sending -= 1;
    next();
  });
  next();
}

/** @param {Upload} one @param {string} url */
async function sendAddress(one, url) {
  try {
    taken(one, await send("POST", `/v1/collections/${encodeURIComponent(one.collection)}/documents`, { url }));
  } catch (error) {
    const problem = problemOf(error);
    Object.assign(one, { state: problem.status ? "refused" : "lost", sentence: problem.detail });
  }
}

/** @param {Upload} one @param {File} file @param {string} folder @param {string | null} replaces */
async function sendFile(one, file, folder, replaces) {
  const before = sessionsOpened();
  const form = new FormData();
  if (folder && !replaces) form.append("metadata", JSON.stringify({ folder }));
  form.append("file", file, file.name);
  const query = replaces ? `?replaces=${encodeURIComponent(replaces)}` : "";
  const { status, body } = await posted(`/v1/collections/${encodeURIComponent(one.collection)}/documents${query}`, form, (sent) => {
    one.sent = sent;
    change({});
  });
  if (status === 401) {
    await sessionAfter(before);
    return sendFile(one, file, folder, replaces);
  }
  if (status >= 200 && status < 300) return taken(one, body);
  if (status === 0) isDown();
  const sentence = status === 0 ? t("upload.lost") : String(body?.detail ?? t("service.status", { status }));
  Object.assign(one, { state: status === 0 ? "lost" : "refused", sentence });
}

/** With progress, which `fetch` doesn't tell. @param {string} path @param {FormData} form @param {(sent: number) => void} told @returns {Promise<{ status: number, body: any }>} */
function posted(path, form, told) {
  return new Promise((resolve) => {
    const ask = new XMLHttpRequest();
    ask.open("POST", path);
    ask.responseType = "json";
    ask.upload.onprogress = (event) => told(event.loaded);
    ask.onload = () => resolve({ status: ask.status, body: ask.response });
    ask.onerror = () => resolve({ status: 0, body: null });
    ask.send(form);
  });
}

/** @param {Upload} one @param {any} body */
function taken(one, body) {
  const [refused] = body.rejected ?? [];
  const known = body.documents.length > 0 && body.documents.every((/** @type {any} */ document) => document.duplicate);
  Object.assign(one, {
    state: refused && !body.documents.length ? "refused" : "taken",
    sent: one.size,
    sentence: refused ? refused.detail : known ? t("upload.known") : "",
  });
  for (const document of body.documents) addDocument(document);
}

export function forgetFinished() {
  change({ uploads: state.uploads.filter((one) => one.state === "waiting" || one.state === "sending"), lost: [] });
}

/** After a reload: what is still on its way is followed again. */
export async function followUnfinished() {
  for (const { name } of state.collections) {
    const path = `/v1/collections/${encodeURIComponent(name)}/documents`;
    for (const status of ["running", "queued"]) {
      await listed(`${path}?status=${status}`, "documents").then((all) => followAll(all), () => {});
    }
  }
}

/** @param {string} text an address, if it is one @returns {string | null} */
export function addressIn(text) {
  const words = text.trim();
  return /^https?:\/\/\S+$/i.test(words) ? words : null;
}

/** Files and folders that were dropped or pasted. @param {DataTransfer} data @returns {Promise<Found[]>} */
export async function filesOf(data) {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((one) => one !== null && one !== undefined);
  if (!entries.length) return [...data.files].map((file) => ({ file: named(file), folder: "" }));
  const found = await Promise.all(entries.map((entry) => within(entry, "")));
  return found.flat();
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<Found[]>} */
async function within(entry, folder) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ file: named(/** @type {File} */ (file)), folder }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const inside = folder ? `${folder}/${entry.name}` : entry.name;
  /** @type {Found[]} */
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    for (const one of some) all.push(...(await within(one, inside)));
  }
}

/** A pasted picture has a name of no meaning. @param {File} file */
export function named(file) {
  if (file.name !== "image.png") return file;
  const at = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
  return new File([file], `${t("upload.pasted")}-${at}.png`, { type: file.type });
}

/** @param {Found[]} found @param {string} collection */
export function uploadAndSay(found, collection) {
  if (!found.length) return say(t("upload.nothing"), true);
  upload(found, collection);
}
