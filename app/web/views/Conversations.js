/** All conversations: found by their words, renamed, saved, deleted. */
import { addressOf } from "../address.js";
import { newConversation } from "../asking.js";
import { find, list, remove } from "../conversations.js";
import { html, useEffect, useState } from "../html.js";
import { asMarkdown } from "../references.js";
import { change, state, useStore } from "../store.js";
import { day, t } from "../words.js";
import { Button } from "../parts/Button.js";
import { LongList } from "../parts/LongList.js";

/** @typedef {{ id: string, title: string, at: string }} Listed */

export function Conversations() {
  useStore();
  const [words, setWords] = useState("");
  const [all, setAll] = useState(/** @type {Listed[] | null} */ (null));
  const look = () => void list(words).then(setAll);
  useEffect(look, [words]);
  return html`<section class="documents">
    <header class="head"><h1>${t("title.conversations")}</h1></header>
    <div class="row finder">
      <input type="search" aria-label=${t("conversations.find")} placeholder=${t("conversations.find")} value=${words} onInput=${(/** @type {any} */ event) => setWords(event.target.value)} />
    </div>
    ${all && !all.length && html`<div class="empty"><h2>${t(words ? "documents.none.found" : "conversations.none")}</h2></div>`}
    ${all && html`<${LongList} items=${all} rowPx=${64} label=${t("title.conversations")} row=${(/** @type {Listed} */ one) => html`<${Row} one=${one} look=${look} />`} />`}
  </section>`;
}

/** @param {{ one: Listed, look: () => void }} props */
function Row({ one, look }) {
  const title = one.title || t("question.picture");
  return html`<div class="document">
    <div class="what"><a class="name" href=${addressOf("c", [one.id])}>${title}</a><span class="faint">${day(one.at)}</span></div>
    <div class="row document-actions">
      <${Button} icon="copy" quiet words=${t("conversation.save", { name: title })} act=${() => saved(one)} />
      <${Button} icon="bin" quiet words=${t("conversation.delete", { name: title })} act=${() => ask(one, title, look)} />
    </div>
  </div>`;
}

/** As a file of Markdown. @param {Listed} one */
async function saved(one) {
  const found = await find(one.id);
  const text = (found?.turns ?? []).map((turn) => (turn.answer ? asMarkdown(turn.question, turn.answer) : "")).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  link.download = `${one.title.replace(/[^\p{L}\p{N} -]/gu, "").slice(0, 60) || "conversation"}.md`;
  link.click();
}

/** @param {Listed} one @param {string} title @param {() => void} look */
function ask(one, title, look) {
  const act = async () => {
    await remove(one.id);
    if (state.conversation.id === one.id) newConversation();
    look();
  };
  change({ question: { title: t("conversation.delete.title", { name: title }), means: t("conversation.delete.means"), does: t("delete"), act } });
}
