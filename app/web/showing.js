/** Which evidence is shown beside an answer; it stands in the address. */
import { addressOf, go } from "./address.js";
import { conversationAddress } from "./asking.js";
import { byNumber } from "./references.js";
import { state } from "./store.js";

/** @param {import("./types").Answer} answer @returns {import("./types").Shown[]} */
export function shownOf(answer) {
  const nearest = answer.nearest.map((evidence, at) => ({ evidence, quotes: [], n: at + 1 }));
  return answer.verdict === "abstained" ? nearest : byNumber(answer.citations);
}

/** @param {number} turn from 1 @param {number | null} n */
export function showCitation(turn, n) {
  const { id, turns } = state.conversation;
  if (id) return go(conversationAddress(id, turns, turn, n));
  const query = Object.fromEntries(["q", "in", "doc", "kind", "meta"].map((name) => [name, state.address.query.getAll(name)]));
  go(addressOf("ask", [], { ...query, turn: n ? turn : null, n }));
}
