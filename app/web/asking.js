/** Asking: a question becomes a turn, its answer streams in, and the conversation is kept. */
import { addressOf, replace } from "./address.js";
import { sentencesOf } from "./answer-text.js";
import { begin } from "./conversations.js";
import { Refusal, events, isDown, problemOf, request } from "./service.js";
import { change, state } from "./store.js";
import { verdictKey } from "./verdicts.js";
import { language, t } from "./words.js";

/** @typedef {import("./types").Turn} Turn */
/** @typedef {import("./types").Scope} Scope */

export const MOST_LETTERS = 100_000; // of a question: what is longer is a document
const KEPT = "exhibit.draft";
const ADDRESS_LETTERS = 600;

/** @type {AbortController | null} */
let running = null;

export const isAsking = () => running !== null;

/** What is typed is kept over a reload. @param {string} text */
export function write(text) {
  try {
    sessionStorage.setItem(KEPT, text);
  } catch {
    // larger than the browser keeps: it stays on the page
  }
  change({ draft: text });
}

export const keptDraft = () => sessionStorage.getItem(KEPT) ?? "";

/** Asks what stands in the draft. Returns whether it was asked. */
export function askDraft() {
  const question = state.draft.trim();
  if (running || (!question && !state.picture) || question.length > MOST_LETTERS) return false;
  const { picture } = state;
  write("");
  change({ picture: null });
  ask(question, picture, state.scope);
  return true;
}

/** @param {string} question @param {string | null} picture @param {Scope} scope */
export async function ask(question, picture, scope) {
  if (running) return;
  /** @type {Turn} */
  const turn = { question, picture, scope, state: "searching", text: "", answer: null, problem: null };
  const conversation = state.conversation;
  conversation.turns = [...conversation.turns, turn];
  change({ conversation: { ...conversation } });
  await run(turn);
}

/** The same question once more; in its place where it has no answer yet. @param {Turn} turn */
export async function askAgain(turn) {
  if (running) return;
  if (turn.answer) return ask(turn.question, turn.picture, turn.scope);
  Object.assign(turn, { state: "searching", text: "", answer: null, problem: null });
  await run(turn);
}

export function stop() {
  running?.abort();
}

export function newConversation() {
  stop();
  change({ conversation: { id: null, title: "", turns: [] }, lit: [] });
}

/** @param {Turn} turn */
async function run(turn) {
  const { conversation } = state;
  running = new AbortController();
  change({ spoken: t("ask.searching") });
  try {
    conversation.id ??= await begin();
    await streamed(turn, bodyOf(turn, conversation.id), running.signal);
  } catch (error) {
    turn.state = running.signal.aborted ? "stopped" : "broken";
    turn.problem = running.signal.aborted ? null : problemOf(error);
    if (error instanceof TypeError) isDown(); // the connection broke
  }
  running = null;
  change({ spoken: ending(turn) });
  if (turn.answer) showAddress(conversation, turn);
}

/** @param {Turn} turn @param {object} body @param {AbortSignal} signal */
async function streamed(turn, body, signal) {
  const headers = { "content-type": "application/json" };
  const reply = await request("/v1/chat", { method: "POST", body: JSON.stringify(body), headers, signal });
  let told = 0;
  for await (const { event, data } of events(reply)) {
    if (event === "evidence") turn.state = "writing";
    if (event === "delta") {
      turn.text += data.text;
      const whole = sentencesOf(turn.text, language()).slice(0, -1);
      if (whole.length > told) change({ spoken: whole.slice(told).join(" ") });
      told = whole.length;
    }
    if (event === "problem") throw new Refusal(data.status, data.detail);
    if (event === "answer") {
      Object.assign(turn, { answer: data, text: data.answer, state: "done" });
    }
    change({});
  }
  if (signal.aborted) throw new DOMException("stopped", "AbortError");
  if (!turn.answer) throw new Refusal(0, t("ask.broke"));
}

/** @param {Turn} turn what is announced at the end */
function ending(turn) {
  if (turn.state === "stopped") return t("ask.stopped");
  if (!turn.answer) return t("ask.broke");
  const last = sentencesOf(turn.text, language()).slice(-1)[0] ?? "";
  return `${last} ${t(verdictKey(turn.answer))}`;
}

/** What was said before comes from the kept conversation. @param {Turn} turn @param {string} id */
function bodyOf(turn, id) {
  const filter = filterOf(turn.scope);
  return {
    collection: turn.scope.collections.length ? turn.scope.collections : ["default"],
    messages: [{ role: "user", content: contentOf(turn) }],
    conversation_id: id,
    stream: true,
    ...(turn.scope.kinds.length ? { kinds: turn.scope.kinds } : {}),
    ...(filter ? { filter } : {}),
  };
}

/** @param {Turn} turn */
function contentOf(turn) {
  if (!turn.picture) return turn.question;
  const picture = { type: "image_url", image_url: { url: turn.picture } };
  return turn.question ? [{ type: "text", text: turn.question }, picture] : [picture];
}

/** @param {Scope} scope */
export function filterOf(scope) {
  const all = [];
  if (scope.documents.length) all.push({ document: scope.documents.map((one) => one.id) });
  for (const { field, operator, value } of scope.metadata) {
    if (field) all.push({ [`metadata.${field}`]: { [operator]: valueOf(value) } });
  }
  return all.length > 1 ? { and: all } : (all[0] ?? null);
}

/** A number where it reads as one. @param {string} typed */
function valueOf(typed) {
  const text = typed.trim();
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** @param {{ id: string | null, turns: Turn[] }} conversation @param {Turn} turn */
function showAddress(conversation, turn) {
  if (!conversation.id || state.conversation.id !== conversation.id) return;
  const index = conversation.turns.indexOf(turn) + 1;
  const { query } = state.address;
  const shown = Math.min(Number(query.get("turn")) || index, conversation.turns.length);
  replace(conversationAddress(conversation.id, conversation.turns, query.get("n") ? shown : index, query.get("n")));
}

/**
 * A conversation's address. It names its last question too, so that a colleague who doesn't have the conversation gets
 * an answer of their own.
 * @param {string} id @param {Turn[]} turns @param {number | null} turn from 1 @param {string | number | null} n
 */
export function conversationAddress(id, turns, turn = null, n = null) {
  const asked = turns[(turn ?? turns.length) - 1] ?? turns[turns.length - 1];
  return addressOf("c", [id], { turn: n ? turn : null, n, ...(asked ? questionQuery(asked) : {}) });
}

/** @param {Turn} turn */
export function questionQuery(turn) {
  if (turn.picture || turn.question.length > ADDRESS_LETTERS) return {};
  return { q: turn.question, ...scopeQuery(turn.scope) };
}

/** @param {Scope} scope */
export function scopeQuery(scope) {
  return {
    in: scope.collections,
    doc: scope.documents.map((one) => one.id),
    kind: scope.kinds,
    meta: scope.metadata.map((one) => `${one.field}:${one.operator}:${one.value}`),
  };
}

/** @param {URLSearchParams} query @returns {Scope} */
export function scopeOf(query) {
  const collections = query.getAll("in");
  return {
    collections: collections.length ? collections : state.scope.collections,
    documents: query.getAll("doc").map((id) => ({ id, name: "" })),
    kinds: /** @type {import("./types").Kind[]} */ (query.getAll("kind")),
    metadata: query.getAll("meta").map((one) => {
      const [field = "", operator = "eq", ...value] = one.split(":");
      return { field, operator, value: value.join(":") };
    }),
  };
}
