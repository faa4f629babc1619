/** Files, folders, pictures and addresses, dropped or pasted anywhere. */
import { targetCollection } from "../documents.js";
import { html, useEffect, useState } from "../html.js";
import { state } from "../store.js";
import { addressIn, filesOf, named, upload, uploadAddress, uploadAndSay } from "../uploads.js";
import { t } from "../words.js";
import { takePicture } from "./Composer.js";
import { Icon } from "./Icon.js";

export function DropZone() {
  const [over, setOver] = useState("");
  useEffect(() => {
    const dragged = (/** @type {DragEvent} */ event) => {
      if (!event.dataTransfer || !holds(event.dataTransfer)) return;
      event.preventDefault();
      setOver(isPicture(event.dataTransfer) && asks() ? "picture" : "files");
    };
    const left = (/** @type {DragEvent} */ event) => event.relatedTarget === null && setOver("");
    const dropped = (/** @type {DragEvent} */ event) => {
      setOver("");
      if (!event.dataTransfer || !holds(event.dataTransfer)) return;
      event.preventDefault();
      const asked = event.target instanceof Element && event.target.closest(".drop-question, .composer");
      take(event.dataTransfer, Boolean(asked));
    };
    const pasted = (/** @type {ClipboardEvent} */ event) => {
      if (!event.clipboardData || event.defaultPrevented || isTyping(event)) return;
      event.preventDefault();
      take(event.clipboardData, asks());
    };
    addEventListener("dragenter", dragged);
    addEventListener("dragover", dragged);
    addEventListener("dragleave", left);
    addEventListener("drop", dropped);
    addEventListener("paste", pasted);
    return () => {
      removeEventListener("dragenter", dragged);
      removeEventListener("dragover", dragged);
      removeEventListener("dragleave", left);
      removeEventListener("drop", dropped);
      removeEventListener("paste", pasted);
    };
  }, []);
  return html`<${FileFields} />${over && html`<${Over} kind=${over} />`}`;
}

/** @param {{ kind: string }} props */
function Over({ kind }) {
  return html`<div class="drop-over" aria-hidden="true">
    ${kind === "picture" && html`<div class="drop-question"><${Icon} name="ask" />${t("drop.question")}</div>`}
    <div><${Icon} name="upload" />${t("drop.documents", { collection: targetCollection() })}</div>
  </div>`;
}

/** The browser's own choice of files and folders; `u` and the buttons open it. */
function FileFields() {
  useEffect(() => {
    const open = (/** @type {string} */ id) => () => document.getElementById(id)?.click();
    const files = open("files");
    const folder = open("folder");
    addEventListener("choose-files", files);
    addEventListener("choose-folder", folder);
    return () => (removeEventListener("choose-files", files), removeEventListener("choose-folder", folder));
  }, []);
  const chosen = (/** @type {any} */ event) => {
    const found = [...event.target.files].map((file) => ({ file, folder: folderOf(file) }));
    event.target.value = "";
    if (found.length) upload(found, targetCollection());
  };
  const given = { type: "file", multiple: true, hidden: true, onChange: chosen };
  return html`<input id="files" ...${given} aria-label=${t("documents.add")} /><input
      id="folder"
      webkitdirectory
      ...${given}
      aria-label=${t("documents.add_folder")}
    />`;
}

/** @param {File} file */
const folderOf = (file) => file.webkitRelativePath.split("/").slice(0, -1).join("/");

const asks = () => state.address.view === "ask" || state.address.view === "c";

/** @param {DataTransfer} data */
const holds = (data) => [...data.types].some((type) => type === "Files" || type === "text/uri-list");

/** @param {DataTransfer} data */
const isPicture = (data) => data.items.length === 1 && data.items[0].type.startsWith("image/");

/** @param {ClipboardEvent} event */
const isTyping = (event) => event.target instanceof Element && event.target.closest("input, textarea") !== null;

/** @param {DataTransfer} data @param {boolean} asked a picture is then a question */
async function take(data, asked) {
  const address = addressIn(data.getData("text/uri-list") || data.getData("text/plain"));
  const picture = data.files.length === 1 && data.files[0].type.startsWith("image/") ? data.files[0] : null;
  if (picture && asked) return takePicture(named(picture));
  if (data.files.length) return uploadAndSay(await filesOf(data), targetCollection());
  if (address) return uploadAddress(address, targetCollection());
}
