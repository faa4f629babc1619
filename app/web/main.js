/** Starts the page: its words, its address, its keys, its first view. */
import { read } from "./address.js";
import { keptDraft } from "./asking.js";
import { loadCollections } from "./collections.js";
import { html, render } from "./html.js";
import { listenToKeys } from "./keyboard.js";
import { followUnfinished, namesLostByReload } from "./uploads.js";
import { change } from "./store.js";
import { applyTheme } from "./theme.js";
import { Page } from "./views/Page.js";
import { loadWords } from "./words.js";

applyTheme();
await loadWords();
change({ draft: keptDraft(), lost: namesLostByReload() });
read();
addEventListener("hashchange", read);
listenToKeys();
render(html`<${Page} />`, /** @type {Element} */ (document.getElementById("page")));
await loadCollections();
followUnfinished();
