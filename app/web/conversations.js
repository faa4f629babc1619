/** Conversations, which the service keeps for the caller. Evidence comes back as it is now, unless its document was deleted or is being read again. */
import { Refusal, get, listed, request, send } from "./service.js";
import { state } from "./store.js";

/** @typedef {import("./types").Turn} Turn */
/** @typedef {import("./types").Evidence} Evidence */
/** @typedef {{ id: string, title: string, turns: Turn[] }} Conversation */
/** @typedef {{ id: string, title: string, at: string }} Listed */

const MOST = 2000; // of a list

/** @param {string} id */
const pathOf = (id) => `/v1/conversations/${encodeURIComponent(id)}`;

/** A new one, empty; returns its id. @returns {Promise<string>} */
export const begin = async () => (await send("POST", "/v1/conversations")).id;

/** The last used first. @param {string} words @param {number} most @returns {Promise<Listed[]>} */
export async function list(words = "", most = MOST) {
  const all = await listed(`/v1/conversations?q=${encodeURIComponent(words)}`, "conversations", (found) => found.length < most);
  return all
    .filter((one) => one.turns > 0)
    .slice(0, most)
    .map(({ id, title, updated_at }) => ({ id, title, at: updated_at }));
}

/** @param {string} id @returns {Promise<Conversation | null>} */
export async function find(id) {
  try {
    let page = await get(pathOf(id));
    const { title } = page;
    const messages = [...page.messages];
    while (page.next_cursor) {
      page = await get(`${pathOf(id)}?cursor=${encodeURIComponent(page.next_cursor)}`);
      messages.push(...page.messages);
    }
    return { id, title, turns: turnsOf(messages) };
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

/** @param {any[]} messages @returns {Turn[]} */
function turnsOf(messages) {
  /** @type {Turn[]} */
  const turns = [];
  for (const { role, content, answer } of messages) {
    const last = turns[turns.length - 1];
    if (role === "user") {
      turns.push({ question: content, picture: null, scope: state.scope, state: "stopped", text: "", answer: null, problem: null });
    } else if (last && answer) {
      Object.assign(last, { state: "done", text: answer.answer, answer: whole(answer) });
    }
  }
  return turns;
}

/** @param {any} answer @returns {import("./types").Answer} */
const whole = (answer) => ({
  ...answer,
  citations: answer.citations.map((/** @type {any} */ one) => ({ ...one, evidence: shown(one.evidence) })),
  nearest: answer.nearest.map(shown),
});

/** Evidence that can't be shown has its ids alone. @param {any} evidence @returns {Evidence} */
function shown(evidence) {
  if ("text" in evidence) return evidence;
  const nothing = { document: "", kind: "text", page: null, regions: [], place: null, text: "", description: null };
  return /** @type {any} */ ({ ...nothing, described_by: null, image_url: null, suspicious: [], ...evidence, withheld: evidence.deleted ? "deleted" : "again" });
}

/** @param {string} id @param {string} title */
export const rename = (id, title) => send("PATCH", pathOf(id), { title });

/** @param {string} id */
export const remove = (id) => send("DELETE", pathOf(id));

/** @param {string} id @param {"markdown" | "json"} format @returns {Promise<Blob>} */
export const exported = async (id, format) => (await request(`${pathOf(id)}/export?format=${format}`)).blob();
