/** Asking: the conversation, the field to write in, and the viewer beside it. */
import { go } from "../address.js";
import { ask, isAsking, scopeOf } from "../asking.js";
import { find } from "../conversations.js";
import { showCitation, shownOf } from "../showing.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { problemOf } from "../service.js";
import { change, state, useStore } from "../store.js";
import { t } from "../words.js";
import { Button } from "../parts/Button.js";
import { Composer } from "../parts/Composer.js";
import { TurnView } from "../parts/TurnView.js";
import { Viewer } from "../parts/Viewer.js";
import { Welcome } from "../parts/Welcome.js";

/** @typedef {import("../types").Turn} Turn */

export function Ask() {
  useStore();
  const [missing, setMissing] = useState("");
  const { view, parts, query } = state.address;
  useEffect(() => void opened(setMissing), [view, parts[0], query.get("q")]);
  const { turns } = state.conversation;
  const shown = shownNow(turns, query);
  return html`<div class="ask ${shown ? "beside" : ""}">
    <section class="talk" aria-label=${t("title.ask")}>
      ${missing && html`<p class="banner" role="status">${missing}</p>`}
      ${turns.length ? html`<${Turns} turns=${turns} />` : html`<${Welcome} />`}
      <${Composer} />
    </section>
    ${shown && html`<${Viewer} ...${shown} />`}
  </div>`;
}

/** Brings the conversation that the address names; a question in the address is asked. @param {(words: string) => void} setMissing */
async function opened(setMissing) {
  const { view, parts, query } = state.address;
  setMissing("");
  if (view === "c" && parts[0] !== state.conversation.id) {
    try {
      const found = await find(parts[0]);
      if (found) return change({ conversation: found, scope: found.turns[found.turns.length - 1]?.scope ?? state.scope });
    } catch (error) {
      return setMissing(problemOf(error).detail);
    }
    if (!query.get("q")) {
      change({ conversation: { id: null, title: "", turns: [] } });
      return setMissing(t("conversation.elsewhere"));
    }
  }
  const question = query.get("q");
  if (question && (view !== "c" || parts[0] !== state.conversation.id) && !isAsking()) {
    change({ conversation: { id: null, title: "", turns: [] }, scope: scopeOf(query) });
    await ask(question, null, state.scope);
  }
}

/** @param {{ turns: Turn[] }} props */
function Turns({ turns }) {
  const end = useRef(/** @type {HTMLElement | null} */ (null));
  const last = turns[turns.length - 1];
  useEffect(() => {
    if (turns.length > 1 || last.state !== "done") end.current?.scrollIntoView({ block: "nearest" });
  }, [turns.length]);
  return html`<div class="turns">
    ${turns.map((turn, index) => html`<${TurnView} key=${index} turn=${turn} number=${index + 1} />`)}
    ${last.state === "done" &&
    html`<div class="after"><${Button} icon="plus" words=${t("ask.new")} kind="soft" act=${() => go("#/ask")} /></div>`}
    <div ref=${end} class="last"></div>
  </div>`;
}

/** What the viewer shows by the address. @param {Turn[]} turns @param {URLSearchParams} query */
function shownNow(turns, query) {
  const n = Number(query.get("n"));
  const number = Number(query.get("turn")) || turns.length;
  const answer = turns[number - 1]?.answer;
  if (!n || !answer) return null;
  const list = shownOf(answer);
  const index = list.findIndex((one) => one.n === n);
  if (index < 0) return null;
  return {
    list,
    index,
    trace: answer.trace_id,
    claims: answer.claims,
    go: (/** @type {number} */ at) => showCitation(number, list[at].n ?? 1),
    close: () => showCitation(number, null),
  };
}
