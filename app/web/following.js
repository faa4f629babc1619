/** Documents on their way: a few are followed live, the others wait their turn, as browsers allow few connections. */
import { Refusal, events, get, request } from "./service.js";
import { change } from "./store.js";

/** @typedef {import("./types").Document} Document */

const AT_ONCE = 3;
const WAIT_MS = 2000;
const FINISHED = new Set(["ready", "partial", "failed", "cancelled"]);

/** @type {Map<string, Document>} the newest of every document that was uploaded or followed here */
export const followed = new Map();
/** @type {Set<string>} */
const live = new Set();

/** @param {Document} document */
export const isFinished = (document) => FINISHED.has(document.status);

/** @param {Document} document as a reply had it */
export function addDocument(document) {
  followed.set(document.id, document);
  change({});
  next();
}

/** @param {Document[]} documents */
export function followAll(documents) {
  for (const document of documents) followed.set(document.id, document);
  change({});
  next();
}

/** Those that run come before those that wait. */
function next() {
  const waiting = [...followed.values()].filter((one) => !isFinished(one) && !live.has(one.id));
  waiting.sort((a, b) => Number(b.status === "running") - Number(a.status === "running"));
  for (const document of waiting.slice(0, Math.max(0, AT_ONCE - live.size))) follow(document.id);
}

/** @param {string} id */
async function follow(id) {
  live.add(id);
  try {
    const reply = await request(`/v1/documents/${id}/events`);
    for await (const { event, data } of events(reply)) {
      if (event === "problem") throw new Refusal(data.status, data.detail);
      if (followed.has(id)) followed.set(id, data);
      change({});
    }
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 0;
    if (status === 404 || status === 410) followed.delete(id);
    else await new Promise((resolve) => setTimeout(resolve, WAIT_MS)); // the service restarts: again
  }
  live.delete(id);
  await refreshWaiting();
  change({});
  next();
}

/** One look at the next in line, which may have begun meanwhile. */
async function refreshWaiting() {
  const [first] = [...followed.values()].filter((one) => one.status === "queued" && !live.has(one.id));
  if (!first) return;
  await get(`/v1/documents/${first.id}`).then(
    (now) => followed.set(first.id, now),
    (error) => error.status >= 404 && followed.delete(first.id),
  );
}
