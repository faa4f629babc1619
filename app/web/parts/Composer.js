/** Where one writes a question: words, a picture, and what is to be searched. */
import { MOST_LETTERS, askDraft, isAsking, stop, write } from "../asking.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { offer } from "../keyboard.js";
import { pictureOf } from "../pictures.js";
import { change, say, state, useStore } from "../store.js";
import { count, t } from "../words.js";
import { Button } from "./Button.js";
import { Icon } from "./Icon.js";
import { ScopePanel, scopeWords } from "./ScopePanel.js";

export function Composer() {
  useStore();
  const [open, setOpen] = useState(false);
  const tooLong = state.draft.trim().length > MOST_LETTERS;
  const narrowed = state.scope.documents.length + state.scope.kinds.length + state.scope.metadata.length;
  useEffect(() => (isAsking() ? offer({ Escape: stop }) : undefined), [isAsking()]);
  return html`<form class="composer" onSubmit=${submitted} aria-label=${t("ask.form")}>
    ${open && html`<${ScopePanel} close=${() => setOpen(false)} />`}
    ${tooLong &&
    html`<p class="fault" role="alert">
      ${t("ask.too_long", { n: state.draft.length, most: count(MOST_LETTERS) })}
    </p>`}
    <div class="paper">
      ${state.picture && html`<${Picture} />`}
      <${Field} />
      <div class="tools">
        <button
          type="button"
          class="button chip ${narrowed ? "on" : ""}"
          aria-expanded=${String(open)}
          onClick=${() => setOpen(!open)}
        >
          <${Icon} name="filter" /><span>${scopeWords(state.scope)}</span>
        </button>
        <${PictureButton} />
        <span class="room"></span>
        ${isAsking()
          ? html`<${Button} icon="stop" words=${t("ask.stop")} kind="main" act=${stop} />`
          : html`<button type="submit" class="button main" disabled=${tooLong || (!state.draft.trim() && !state.picture)}>
              <${Icon} name="send" /><span>${t("ask.send")}</span>
            </button>`}
      </div>
    </div>
  </form>`;
}

/** @param {Event} event */
function submitted(event) {
  event.preventDefault();
  askDraft();
}

function Field() {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    if (area.value !== state.draft) area.value = state.draft;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 240)}px`;
  }, [state.draft]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, []);
  return html`<textarea
    id="question"
    ref=${field}
    rows="1"
    aria-label=${t("ask.label")}
    placeholder=${state.conversation.turns.length ? t("ask.follow") : t("ask.placeholder")}
    onInput=${(/** @type {any} */ event) => write(event.target.value)}
    onKeyDown=${typed}
    onPaste=${pasted}
  ></textarea>`;
}

/** Enter asks, Shift and Enter begins a line; not while a word is composed, as Chinese is. @param {KeyboardEvent} event */
function typed(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  askDraft();
}

/** A picture from the clipboard belongs to the question. @param {ClipboardEvent} event */
function pasted(event) {
  const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();
  takePicture(file);
}

/** @param {File} file */
export async function takePicture(file) {
  try {
    change({ picture: await pictureOf(file) });
    document.getElementById("question")?.focus();
  } catch (error) {
    say(/** @type {Error} */ (error).message, true);
  }
}

function Picture() {
  return html`<div class="attached">
    <img src=${state.picture} alt=${t("question.picture")} />
    <${Button} icon="close" quiet words=${t("picture.remove")} act=${() => change({ picture: null })} />
  </div>`;
}

function PictureButton() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  return html`<input
      ref=${field}
      class="unseen"
      type="file"
      accept="image/*"
      tabindex="-1"
      aria-hidden="true"
      aria-label=${t("picture.add")}
      onChange=${(/** @type {any} */ event) => {
        if (event.target.files[0]) takePicture(event.target.files[0]);
        event.target.value = "";
      }}
    /><${Button} icon="picture" quiet words=${t("picture.add")} act=${() => field.current?.click()} />`;
}
