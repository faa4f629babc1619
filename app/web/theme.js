/** Dark or light: the system's choice, unless one was made here. */
const KEPT = "exhibit.theme";

/** @returns {"system" | "light" | "dark"} */
export function theme() {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** @param {string} chosen */
export function chooseTheme(chosen) {
  localStorage.setItem(KEPT, chosen);
  applyTheme();
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

/** Whether things may glide. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
