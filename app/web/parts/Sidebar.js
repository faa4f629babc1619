/** The way around: ask, documents, conversations; and how the page looks and speaks. */
import { list } from "../conversations.js";
import { newConversation } from "../asking.js";
import { addressOf } from "../address.js";
import { change, useStore } from "../store.js";
import { chooseTheme, theme } from "../theme.js";
import { LANGUAGES, choose, language, t } from "../words.js";
import { html, useEffect, useState } from "../html.js";
import { Button } from "./Button.js";
import { Icon } from "./Icon.js";

const RECENT = 12;
const THEMES = ["system", "light", "dark"];

export function Sidebar() {
  const state = useStore();
  const [recent, setRecent] = useState(/** @type {{ id: string, title: string }[]} */ ([]));
  useEffect(() => {
    list("", RECENT).then(setRecent, () => setRecent([]));
  }, [state.conversation.id, state.address]);
  return html`<header class="sidebar">
    <a class="brand" href="#/ask" onClick=${newConversation}><${Mark} />Exhibit</a>
    <nav aria-label=${t("nav")}>
      <a class="way" href="#/ask" aria-current=${current(state, "ask")} onClick=${newConversation}>
        <${Icon} name="ask" /><span>${t("nav.ask")}</span>
      </a>
      <a class="way" href="#/documents" aria-current=${current(state, "documents", "document")}>
        <${Icon} name="documents" /><span>${t("nav.documents")}</span>
      </a>
      <a class="way" href="#/conversations" aria-current=${current(state, "conversations")}>
        <${Icon} name="history" /><span>${t("nav.conversations")}</span>
      </a>
    </nav>
    <${Recent} recent=${recent} now=${state.conversation.id} />
    <${Looks} />
  </header>`;
}

/** @param {{ recent: { id: string, title: string }[], now: string | null }} props */
function Recent({ recent, now }) {
  if (!recent.length) return html`<div class="recent"></div>`;
  return html`<nav class="recent" aria-label=${t("nav.recent")}>
    <h2>${t("nav.recent")}</h2>
    ${recent.map(
      (one) => html`<a key=${one.id} href=${addressOf("c", [one.id])} aria-current=${one.id === now ? "page" : undefined}>
        ${one.title || t("question.picture")}
      </a>`,
    )}
  </nav>`;
}

function Looks() {
  const [, again] = useState(0);
  const other = language() === "en" ? "zh" : "en";
  const now = theme();
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  return html`<div class="looks">
    <button type="button" class="button quiet" lang=${other === "zh" ? "zh-Hans" : "en"} aria-label=${LANGUAGES[other]} onClick=${() => speakOther(other)}>
      <${Icon} name="globe" /><span>${LANGUAGES[other]}</span>
    </button>
    <${Button}
      icon="theme"
      quiet
      words=${t("theme", { now: t(`theme.${now}`) })}
      act=${() => (chooseTheme(next), again((n) => n + 1))}
    />
    <${Button} icon="why" quiet words=${t("help")} keys="?" act=${() => change({ dialog: "help" })} />
  </div>`;
}

/** @param {string} other */
async function speakOther(other) {
  await choose(other);
  change({});
}

/** @param {typeof import("../store.js").state} state @param {string[]} views */
function current(state, ...views) {
  return views.includes(state.address.view) ? "page" : undefined;
}

function Mark() {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect x="7" y="4" width="18" height="24" rx="2" />
    <path d="M11 10h10v6H11z" class="mark-lit" />
    <path d="M11 20h10M11 24h6" />
  </svg>`;
}

