/** What is searched: collections, documents, kinds of evidence, metadata. */
import { chooseCollections } from "../collections.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { offer } from "../keyboard.js";
import { listed } from "../service.js";
import { change, state } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";

/** @typedef {import("../types").Scope} Scope */

const KINDS = /** @type {const} */ (["text", "table", "figure", "image", "page"]);
const OPERATORS = { eq: "=", ne: "≠", gt: ">", gte: "≥", lt: "<", lte: "≤" };
const SUGGESTED = 8;

/** @param {Scope} scope */
export function scopeWords(scope) {
  const where = scope.collections.length > 2 ? t("scope.many", { n: scope.collections.length }) : scope.collections.join(", ");
  const narrowed = scope.documents.length + scope.kinds.length + scope.metadata.length;
  return narrowed ? t("scope.filtered", { where, n: narrowed }) : t("scope.in", { where });
}

/** @param {Partial<Scope>} news */
const narrow = (news) => change({ scope: { ...state.scope, ...news } });

/** @param {{ close: () => void }} props */
export function ScopePanel({ close }) {
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    panel.current?.focus();
    return offer({ Escape: close });
  }, []);
  return html`<section class="scope" ref=${panel} tabindex="-1" aria-label=${t("scope")}>
    <${CollectionChoice} /> <${DocumentChoice} /> <${KindChoice} /> <${MetadataChoice} />
    <div class="row end">
      <${Button} words=${t("scope.clear")} kind="soft" act=${() => narrow({ documents: [], kinds: [], metadata: [] })} />
      <${Button} words=${t("done")} kind="main" act=${close} />
    </div>
  </section>`;
}

function CollectionChoice() {
  const chosen = state.scope.collections;
  const turned = (/** @type {string} */ name) => {
    const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
    if (next.length) chooseCollections(next);
  };
  return html`<fieldset>
    <legend>${t("scope.collections")}</legend>
    <div class="choices">
      ${state.collections.map(
        ({ name }) => html`<label key=${name} class="choice">
          <input type="checkbox" checked=${chosen.includes(name)} onChange=${() => turned(name)} />${name}
        </label>`,
      )}
    </div>
  </fieldset>`;
}

function DocumentChoice() {
  const [typed, setTyped] = useState("");
  const [all, setAll] = useState(/** @type {{ id: string, name: string }[]} */ ([]));
  const { collections, documents } = state.scope;
  useEffect(() => {
    const lists = collections.map((name) => listed(`/v1/collections/${encodeURIComponent(name)}/documents`, "documents"));
    Promise.all(lists).then((found) => setAll(found.flat()), () => setAll([]));
  }, [collections.join("\n")]);
  const names = new Map(all.map((one) => [one.id, one.name]));
  const chosen = new Set(documents.map((one) => one.id));
  const found = all.filter((one) => !chosen.has(one.id) && one.name.toLowerCase().includes(typed.toLowerCase()));
  return html`<fieldset>
    <legend>${t("scope.documents")}</legend>
    <div class="choices">
      ${documents.map(
        (one) => html`<span key=${one.id} class="picked">${names.get(one.id) ?? one.name}<${Button}
            icon="close" quiet words=${t("scope.remove", { name: names.get(one.id) ?? one.name })}
            act=${() => narrow({ documents: documents.filter((other) => other.id !== one.id) })}
          /></span>`,
      )}
    </div>
    <input
      type="search" value=${typed} placeholder=${t("scope.documents.find")} aria-label=${t("scope.documents.find")}
      onInput=${(/** @type {any} */ event) => setTyped(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && event.preventDefault()}
    />
    ${typed &&
    html`<div class="choices">
      ${found.slice(0, SUGGESTED).map(
        ({ id, name }) => html`<button
          key=${id} type="button" class="button chip"
          onClick=${() => (narrow({ documents: [...documents, { id, name }] }), setTyped(""))}
        >${name}</button>`,
      )}
      ${!found.length && html`<span class="faint">${t("scope.documents.none")}</span>`}
    </div>`}
  </fieldset>`;
}

function KindChoice() {
  const { kinds } = state.scope;
  return html`<fieldset>
    <legend>${t("scope.kinds")}</legend>
    <div class="choices">
      ${KINDS.map(
        (kind) => html`<label key=${kind} class="choice">
          <input
            type="checkbox"
            checked=${kinds.includes(kind)}
            onChange=${() => narrow({ kinds: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind] })}
          />${t(`kind.${kind}`)}
        </label>`,
      )}
    </div>
  </fieldset>`;
}

function MetadataChoice() {
  const { metadata } = state.scope;
  const changed = (/** @type {number} */ at, /** @type {object} */ news) =>
    narrow({ metadata: metadata.map((one, i) => (i === at ? { ...one, ...news } : one)) });
  return html`<fieldset>
    <legend>${t("scope.metadata")}</legend>
    ${metadata.map(
      (one, at) => html`<div class="row" key=${at}>
        <input
          aria-label=${t("scope.field")} placeholder=${t("scope.field")} value=${one.field}
          onInput=${(/** @type {any} */ event) => changed(at, { field: event.target.value })}
        />
        <select aria-label=${t("scope.operator")} onChange=${(/** @type {any} */ event) => changed(at, { operator: event.target.value })}>
          ${Object.entries(OPERATORS).map(
            ([name, sign]) => html`<option value=${name} selected=${one.operator === name}>${sign}</option>`,
          )}
        </select>
        <input
          aria-label=${t("scope.value")} placeholder=${t("scope.value")} value=${one.value}
          onInput=${(/** @type {any} */ event) => changed(at, { value: event.target.value })}
        />
        <${Button} icon="close" quiet words=${t("scope.remove", { name: one.field })} act=${() => narrow({ metadata: metadata.filter((_, i) => i !== at) })} />
      </div>`,
    )}
    <${Button} icon="plus" kind="soft" words=${t("scope.metadata.add")} act=${() => narrow({ metadata: [...metadata, { field: "", operator: "eq", value: "" }] })} />
  </fieldset>`;
}
