/** The original file: opened at the page where the browser shows it, else downloaded. */
import { html } from "../html.js";
import { get, problemOf, request } from "../service.js";
import { say } from "../store.js";
import { t } from "../words.js";
import { Button } from "./Button.js";

// What a browser shows without running anything of it.
const SHOWN = /^(application\/pdf|image\/(png|jpeg|gif|webp|bmp))$/;

/** @param {{ evidence: { document_id: string, document: string, page: number | null } }} props */
export function OpenOriginal({ evidence }) {
  return html`<${Button} icon="out" quiet words=${t("original.open")} act=${() => openOriginal(evidence)} />`;
}

/** @param {{ document_id: string, document: string, page: number | null }} evidence */
export async function openOriginal({ document_id: id, document: name, page }) {
  try {
    const { media_type: type } = await get(`/v1/documents/${id}`);
    const bytes = await (await request(`/v1/documents/${id}/file`)).arrayBuffer();
    const shown = SHOWN.test(type);
    const address = URL.createObjectURL(new Blob([bytes], { type: shown ? type : "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = type === "application/pdf" && page ? `${address}#page=${page}` : address;
    if (shown) Object.assign(link, { target: "_blank", rel: "noopener" });
    else link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    say(problemOf(error).detail, true);
  }
}
