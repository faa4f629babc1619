/** Conversations, kept in this browser. Evidence is kept by its id alone: what was deleted doesn't come back as text. */
import { Refusal, get } from "./service.js";

/** @typedef {import("./types").Turn} Turn */
/** @typedef {import("./types").Evidence} Evidence */
/** @typedef {{ id: string, title: string, turns: Turn[], at: string }} Conversation */

const KEPT = "exhibit.conversations";
const MOST = 200;

/** @returns {Conversation[]} newest first */
function all() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Conversation[]} conversations the oldest go where the browser has no more room */
function store(conversations) {
  for (let kept = conversations.slice(0, MOST); kept.length; kept = kept.slice(0, -Math.ceil(kept.length / 4))) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(kept));
      return;
    } catch {
      // no room: with fewer
    }
  }
  localStorage.removeItem(KEPT);
}

/** Returns its id. @param {{ id: string | null, title: string, turns: Turn[] }} conversation */
export async function keep(conversation) {
  const id = conversation.id ?? crypto.randomUUID();
  const former = all().find((one) => one.id === id);
  const title = former?.title ?? titleOf(conversation.turns);
  const kept = { id, title, at: new Date().toISOString(), turns: conversation.turns.map(slim) };
  store([kept, ...all().filter((one) => one.id !== id)]);
  return id;
}

/** @param {Turn[]} turns */
const titleOf = (turns) => (turns[0]?.question || "").slice(0, 120);

/** @param {Turn} turn without words of documents @returns {Turn} */
function slim(turn) {
  if (!turn.answer) return turn;
  const only = (/** @type {Evidence} */ one) => ({ ...one, text: "", regions: [], description: null, suspicious: [] });
  const { answer } = turn;
  return {
    ...turn,
    answer: {
      ...answer,
      citations: answer.citations.map((one) => ({ ...one, evidence: only(one.evidence) })),
      evidence: [],
      nearest: answer.nearest.map(only),
    },
  };
}

/** @param {string} words @returns {Promise<{ id: string, title: string, at: string }[]>} */
export async function list(words = "") {
  const asked = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all()
    .filter((one) => {
      const text = [one.title, ...one.turns.flatMap((turn) => [turn.question, turn.text])].join(" ").toLowerCase();
      return asked.every((word) => text.includes(word));
    })
    .map(({ id, title, at }) => ({ id, title, at }));
}

/** With its evidence as it is now. @param {string} id @returns {Promise<Conversation | null>} */
export async function find(id) {
  const found = all().find((one) => one.id === id);
  if (!found) return null;
  const known = new Map();
  for (const { answer } of found.turns) {
    if (!answer) continue;
    await Promise.all(
      [...answer.citations.map((one) => one.evidence), ...answer.nearest].map(async (one) => {
        if (!known.has(one.id)) known.set(one.id, current(one));
        Object.assign(one, await known.get(one.id));
      }),
    );
    for (const one of answer.citations) if (one.evidence.deleted) one.quote = "";
  }
  return found;
}

/** @param {Evidence} evidence @returns {Promise<Partial<Evidence>>} */
async function current(evidence) {
  try {
    return await get(`/v1/evidence/${evidence.id}`);
  } catch (error) {
    const gone = error instanceof Refusal && (error.status === 410 || error.status === 404);
    return gone ? { deleted: true } : {};
  }
}

/** @param {string} id @param {string} title */
export async function rename(id, title) {
  store(all().map((one) => (one.id === id ? { ...one, title } : one)));
}

/** @param {string} id */
export async function remove(id) {
  store(all().filter((one) => one.id !== id));
}
