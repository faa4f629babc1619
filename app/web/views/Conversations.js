/** All conversations: found by their words, renamed, saved, deleted. */
import { addressOf } from "../address.js";
import { newConversation } from "../asking.js";
import { exported, list, remove, rename } from "../conversations.js";
import { html, useEffect, useState } from "../html.js";
import { problemOf } from "../service.js";
import { change, say, state, useStore } from "../store.js";
import { day, t } from "../words.js";
import { Button } from "../parts/Button.js";
import { LongList } from "../parts/LongList.js";

/** @typedef {{ id: string, title: string, at: string }} Listed */

export function Conversations() {
  useStore();
  const [words, setWords] = useState("");
  const [all, setAll] = useState(/** @type {Listed[] | null} */ (null));
  const look = () => void list(words).then(setAll, (error) => say(problemOf(error).detail, true));
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
      <${Button} icon="pen" quiet words=${t("conversation.rename", { name: title })} act=${() => askName(one, title, look)} />
      <${Button} icon="save" quiet words=${t("conversation.save", { name: title })} act=${() => saved(one, "markdown")} />
      <${Button} icon="code" quiet words=${t("conversation.save_json", { name: title })} act=${() => saved(one, "json")} />
      <${Button} icon="bin" quiet words=${t("conversation.delete", { name: title })} act=${() => ask(one, title, look)} />
    </div>
  </div>`;
}

/** @param {Listed} one @param {"markdown" | "json"} format */
async function saved(one, format) {
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await exported(one.id, format));
    const name = one.title.replace(/[^\p{L}\p{N} -]/gu, "").slice(0, 60) || "conversation";
    link.download = `${name}.${format === "json" ? "json" : "md"}`;
    link.click();
  } catch (error) {
    say(problemOf(error).detail, true);
  }
}

/** @param {Listed} one @param {string} title @param {() => void} look */
function askName(one, title, look) {
  const named = async (/** @type {string} */ name) => (await rename(one.id, name), look());
  const means = t("conversation.name.means");
  change({ question: { title: t("conversation.rename", { name: title }), means, does: t("done"), act: () => {}, name: one.title, named } });
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
