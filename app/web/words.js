/** The page's words, in the language that was chosen, or the browser's. */
export const LANGUAGES = /** @type {const} */ ({ en: "English", zh: "中文" });
const KEPT = "exhibit.language";

/** @type {Record<string, string>} */
let words = {};
let now = "en";

/** The language that is spoken. */
export const language = () => now;

export async function loadWords() {
  await speak(localStorage.getItem(KEPT) ?? preferred(navigator.languages));
}

/** @param {readonly string[]} asked */
export function preferred(asked) {
  for (const one of asked) {
    const short = one.slice(0, 2).toLowerCase();
    if (short in LANGUAGES) return short;
  }
  return "en";
}

/** @param {string} chosen */
export async function speak(chosen) {
  now = chosen in LANGUAGES ? chosen : "en";
  const reply = await fetch(new URL(`./words/${now}.json`, import.meta.url));
  words = await reply.json();
  document.documentElement.lang = now === "zh" ? "zh-Hans" : "en";
}

/** @param {string} chosen */
export async function choose(chosen) {
  localStorage.setItem(KEPT, chosen);
  await speak(chosen);
}

/** `n` is a count: it chooses the plural form, and is written as one. @param {string} key @param {Record<string, string | number>} given */
export function t(key, given = {}) {
  const { n } = given;
  const form = typeof n === "number" ? words[`${key}.${new Intl.PluralRules(now).select(n)}`] : undefined;
  const filled = typeof n === "number" ? { ...given, n: count(n) } : given;
  return (form ?? words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => String(filled[name] ?? all));
}

/** @param {number} n */
export const count = (n) => new Intl.NumberFormat(now).format(n);

/** @param {number} bytes */
export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const options = { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(now, /** @type {any} */ (options)).format(bytes / 1000 ** step);
}

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = seconds >= 90;
  const options = { style: "unit", unit: minutes ? "minute" : "second", unitDisplay: "long", maximumFractionDigits: 0 };
  const value = Math.max(1, Math.round(minutes ? seconds / 60 : seconds));
  return new Intl.NumberFormat(now, /** @type {any} */ (options)).format(value);
}

/** @param {string} at */
export function day(at) {
  return new Intl.DateTimeFormat(now, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** @param {number} share */
export const percent = (share) => new Intl.NumberFormat(now, { style: "percent" }).format(share);
