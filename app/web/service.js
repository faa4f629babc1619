/** The service, over its public HTTP interface. Every failure is a `Refusal` with a sentence. */
import { change, state } from "./store.js";
import { t } from "./words.js";

const LOOK_AGAIN_MS = 2000;

export class Refusal extends Error {
  /** @param {number} status 0: the service was not reached @param {string} detail @param {any} body */
  constructor(status, detail, body = {}) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.body = body;
  }
}

let opened = 0;
/** @type {(() => void)[]} */
let waiting = [];

/** How many sessions were opened so far. */
export const sessionsOpened = () => opened;

/** A session is open: what waits for one goes on. */
export function goOn() {
  opened += 1;
  change({ keyWanted: false });
  const went = waiting;
  waiting = [];
  for (const one of went) one();
}

/** Shows the dialog for the key, unless a session was opened since. @param {number} before sessions opened when it was asked */
export async function sessionAfter(before) {
  if (before !== opened) return;
  change({ keyWanted: true });
  await new Promise((resolve) => waiting.push(() => resolve(undefined)));
}

/**
 * A request; asks for the key where the service wants one, and then goes on.
 * @param {string} path @param {RequestInit} options @returns {Promise<Response>}
 */
export async function request(path, options = {}) {
  const before = opened;
  const reply = await reached(path, options);
  if (reply.status === 401) {
    await sessionAfter(before);
    return request(path, options);
  }
  if (!reply.ok) throw await refusal(reply);
  return reply;
}

/** @param {string} path @param {RequestInit} options */
async function reached(path, options) {
  try {
    const reply = await fetch(path, options);
    if (state.down) change({ down: false });
    return reply;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    isDown();
    throw new Refusal(0, t("service.down"));
  }
}

/** Looks every other second until the service answers again. */
export function isDown() {
  if (state.down) return;
  change({ down: true });
  const look = setInterval(async () => {
    try {
      const reply = await fetch("/healthz", { cache: "no-store" });
      if (!reply.ok) return;
    } catch {
      return;
    }
    clearInterval(look);
    change({ down: false });
    dispatchEvent(new Event("service-back"));
  }, LOOK_AGAIN_MS);
}

/** @param {Response} reply */
async function refusal(reply) {
  try {
    const body = await reply.json();
    return new Refusal(reply.status, String(body.detail ?? body.title ?? reply.status), body);
  } catch {
    return new Refusal(reply.status, t("service.status", { status: reply.status }));
  }
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await request(path)).json();

/** @param {string} method @param {string} path @param {unknown} body @returns {Promise<any>} */
export async function send(method, path, body = undefined) {
  const reply = await request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return reply.status === 204 ? null : reply.json();
}

/**
 * Server-sent events of a reply.
 * @param {Response} reply @returns {AsyncGenerator<{ event: string, data: any }>}
 */
export async function* events(reply) {
  if (!reply.body) return;
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      held += value ?? "";
      const whole = held.split("\n\n");
      held = whole.pop() ?? "";
      for (const one of whole) {
        const event = parsedEvent(one);
        if (event) yield event;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} text */
function parsedEvent(text) {
  let event = "message";
  let data = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    if (line.startsWith("data:")) data += line.slice(5);
  }
  return data ? { event, data: JSON.parse(data) } : null;
}

/** The problem that an error tells. @param {unknown} error @returns {import("./types").Problem} */
export function problemOf(error) {
  if (error instanceof Refusal) return { status: error.status, title: "", detail: error.detail };
  return { status: 0, title: "", detail: t("service.down") };
}

/** All items of a paged list. @param {string} path @param {string} name @param {(items: any[]) => boolean} more */
export async function listed(path, name, more = () => true) {
  /** @type {any[]} */
  let all = [];
  let cursor = null;
  do {
    const joint = path.includes("?") ? "&" : "?";
    const page = await get(`${path}${joint}limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    all = [...all, ...page[name]];
    cursor = page.next_cursor;
  } while (cursor && more(all));
  return all;
}
