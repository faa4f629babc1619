/** Sessions: a key is typed once, and a cookie that scripts can't read stands for it. The page keeps no key. */
import { get, goOn, send } from "./service.js";
import { duration, t } from "./words.js";

/** @typedef {{ id: string, agent: string, used_at: string, current: boolean }} Session */

const UNSENDABLE = /[^\x20-\x7e\xa0-\xff]/; // in a header
const BROWSERS = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Safari: "Safari" };
const SYSTEMS = ["Windows", "Android", "iPhone", "iPad", "Mac", "CrOS", "Linux"];

const tabs = new BroadcastChannel("exhibit.session");
tabs.onmessage = ({ data }) => (data === "opened" ? goOn() : forget());

/** Opens a session. @param {string} typed @returns {Promise<string>} why there is none; empty where there is one */
export async function enter(typed) {
  const key = typed.trim();
  if (UNSENDABLE.test(key)) return t("key.refused");
  try {
    const reply = await fetch("/v1/session", { method: "POST", headers: { authorization: `Bearer ${key}` } });
    if (!reply.ok && reply.status !== 409) return whyNot(reply); // 409: the service asks for no key
    if ((await fetch("/v1/sessions")).status === 401) return t("key.cookies");
  } catch {
    return t("service.down");
  }
  goOn();
  tabs.postMessage("opened");
  return "";
}

/** @param {Response} reply */
function whyNot({ status, headers }) {
  if (status === 401) return t("key.refused");
  if (status === 429) return t("key.wait", { time: duration(Number(headers.get("retry-after")) || 1) });
  return t("service.status", { status });
}

/** Those of this key. @returns {Promise<Session[]>} */
export const sessions = async () => (await get("/v1/sessions")).sessions;

/** @param {Session} session */
export async function end(session) {
  if (!session.current) return send("DELETE", `/v1/sessions/${encodeURIComponent(session.id)}`);
  await send("DELETE", "/v1/session");
  tabs.postMessage("ended");
  forget();
}

/** Nothing that was asked or shown stays on the screen. */
function forget() {
  sessionStorage.clear();
  location.hash = "#/ask";
  location.reload();
}

/** The browser and its system, as far as it tells them. @param {string} agent */
export function browserOf(agent) {
  const browser = Object.entries(BROWSERS).find(([sign]) => agent.includes(`${sign}/`))?.[1];
  const system = SYSTEMS.find((one) => agent.includes(one));
  return [browser, system].filter(Boolean).join(", ") || agent.slice(0, 60) || t("session.unknown");
}
