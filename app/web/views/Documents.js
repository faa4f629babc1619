/** The documents of a collection: added, followed, found by name, looked at, deleted. */
import { addressOf, go } from "../address.js";
import { createCollection, deleteCollection, renameCollection } from "../collections.js";
import { library, load, shownDocuments } from "../documents.js";
import { html, useEffect, useState } from "../html.js";
import { problemOf } from "../service.js";
import { change, say, state, useStore } from "../store.js";
import { addressIn, uploadAddress } from "../uploads.js";
import { t } from "../words.js";
import { Button } from "../parts/Button.js";
import { DocumentRow } from "../parts/DocumentRow.js";
import { LongList } from "../parts/LongList.js";

const ROW_PX = 64;
const STATES = ["all", "unfinished", "ready", "partial", "failed", "cancelled"];

export function Documents() {
  useStore();
  const collection = state.address.query.get("in") ?? state.scope.collections[0] ?? "default";
  const [name, setName] = useState("");
  const [status, setStatus] = useState("all");
  useEffect(() => void load(collection), [collection]);
  const all = shownDocuments();
  const found = all.filter((one) => matches(one, name, status));
  return html`<section class="documents">
    <header class="head">
      <h1>${t("title.documents")}</h1>
      <${Collections} now=${collection} />
    </header>
    <${Adding} collection=${collection} />
    <div class="row finder">
      <input type="search" aria-label=${t("documents.find")} placeholder=${t("documents.find")} value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
      <select aria-label=${t("documents.status")} onChange=${(/** @type {any} */ event) => setStatus(event.target.value)}>
        ${STATES.map((one) => html`<option value=${one} selected=${one === status}>${t(`documents.${one}`)}</option>`)}
      </select>
      <span class="faint" role="status">${library.whole ? t("documents.count", { n: found.length }) : t("documents.loading", { n: all.length })}</span>
    </div>
    ${library.fault && html`<p class="fault" role="alert">${library.fault} <${Button} icon="again" kind="soft" words=${t("try.again")} act=${() => load(collection)} /></p>`}
    ${library.whole && !all.length && html`<div class="empty"><h2>${t("documents.none")}</h2><p>${t("documents.none.means")}</p></div>`}
    ${library.whole && all.length > 0 && !found.length && html`<div class="empty"><p>${t("documents.none.found")}</p></div>`}
    <${LongList} items=${found} rowPx=${ROW_PX} label=${t("title.documents")} row=${(/** @type {any} */ one) => html`<${DocumentRow} document=${one} />`} />
  </section>`;
}

/** @param {import("../types").Document} document @param {string} name @param {string} status */
function matches(document, name, status) {
  const unfinished = document.status === "queued" || document.status === "running";
  const right = status === "all" || (status === "unfinished" ? unfinished : document.status === status);
  return right && document.name.toLowerCase().includes(name.trim().toLowerCase());
}

/** @param {{ now: string }} props */
function Collections({ now }) {
  return html`<div class="row collections">
    <select aria-label=${t("collection")} onChange=${(/** @type {any} */ event) => go(addressOf("documents", [], { in: event.target.value }))}>
      ${state.collections.map(({ name }) => html`<option value=${name} selected=${name === now}>${name}</option>`)}
    </select>
    <${Button} icon="plus" quiet words=${t("collection.new")} act=${() => askName("", (name) => create(name))} />
    ${now !== "default" && html`<${Button} icon="pen" quiet words=${t("collection.rename")} act=${() => askName(now, (name) => rename(now, name))} />
      <${Button} icon="bin" quiet words=${t("collection.delete")} act=${() => askDeletion(now)} />`}
  </div>`;
}

/** @param {string} now @param {(name: string) => Promise<void>} act */
function askName(now, act) {
  change({ question: { title: t(now ? "collection.rename" : "collection.new"), means: t("collection.name.means"), does: t("done"), act: () => {}, name: now, named: act } });
}

/** @param {string} name */
async function create(name) {
  await createCollection(name);
  go(addressOf("documents", [], { in: name }));
}

/** @param {string} former @param {string} name */
async function rename(former, name) {
  if (name === former) return;
  await renameCollection(former, name);
  go(addressOf("documents", [], { in: name }));
}

/** @param {string} name */
function askDeletion(name) {
  const act = async () => {
    try {
      await deleteCollection(name);
      go(addressOf("documents", [], { in: "default" }));
    } catch (error) {
      say(problemOf(error).detail, true);
    }
  };
  change({ question: { title: t("collection.delete.title", { name }), means: t("collection.delete.means"), does: t("delete"), act } });
}

/** @param {{ collection: string }} props */
function Adding({ collection }) {
  const [typed, setTyped] = useState("");
  const address = addressIn(typed);
  const added = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!address) return say(t("documents.no_address"), true);
    uploadAddress(address, collection);
    setTyped("");
  };
  return html`<div class="adding">
    <p>${t("documents.drop")}</p>
    <div class="row">
      <${Button} icon="upload" kind="main" words=${t("documents.add")} act=${() => dispatchEvent(new Event("choose-files"))} />
      <${Button} icon="folder" kind="soft" words=${t("documents.add_folder")} act=${() => dispatchEvent(new Event("choose-folder"))} />
      <form class="row" onSubmit=${added}>
        <input type="text" inputmode="url" aria-label=${t("documents.address")} placeholder=${t("documents.address")} value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} />
        <button type="submit" class="button soft" disabled=${!typed.trim()}>${t("documents.add_address")}</button>
      </form>
    </div>
  </div>`;
}
