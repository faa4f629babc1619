/** Pictures: those that come from the service, and one that is a question. */
import { useEffect, useState } from "./html.js";
import { problemOf, request } from "./service.js";
import { t } from "./words.js";

const MOST_PIXELS = 2048; // at the longer side, of a picture in a question
const AS_IT_IS = 1_500_000; // bytes

/**
 * A picture of the service's as an address for an <img>, fetched, so that there is a sentence where there is none.
 * @param {string | null} url @returns {{ src: string, problem: import("./types").Problem | null }}
 */
export function usePicture(url) {
  const [got, set] = useState(/** @type {{ src: string, problem: any }} */ ({ src: "", problem: null }));
  useEffect(() => {
    if (!url) return;
    const ended = new AbortController();
    let made = "";
    request(url, { signal: ended.signal })
      .then((reply) => reply.blob())
      .then((blob) => {
        if (ended.signal.aborted) return;
        made = URL.createObjectURL(blob);
        set({ src: made, problem: null });
      })
      .catch((error) => ended.signal.aborted || set({ src: "", problem: problemOf(error) }));
    return () => {
      ended.abort();
      if (made) setTimeout(() => URL.revokeObjectURL(made), 1000);
    };
  }, [url]);
  return got;
}

/** A picture as a data URL, made smaller where it is large. @param {File} file @returns {Promise<string>} */
export async function pictureOf(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new Error(t("picture.unreadable", { name: file.name }));
  const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size < AS_IT_IS && /image\/(png|jpeg|webp|gif)/.test(file.type)) return dataUrl(file);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error(t("picture.unreadable", { name: file.name }));
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.9);
}

/** @param {Blob} blob @returns {Promise<string>} */
function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
