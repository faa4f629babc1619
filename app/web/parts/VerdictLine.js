/** What the check of an answer gave: in words, with a shape, and in colour. */
import { html } from "../html.js";
import { verdictKey } from "../verdicts.js";
import { t } from "../words.js";
import { Icon } from "./Icon.js";

const SHAPES = { grounded: "check", partial: "warn", ungrounded: "cross", abstained: "info" };

/** @param {{ answer: import("../types").Answer }} props */
export function VerdictLine({ answer }) {
  const { verdict, claims } = answer;
  const smallTalk = answer.notices.some((one) => one.code === "small_talk");
  if (smallTalk) return null;
  const supported = claims.filter((one) => one.supported).length;
  const key = verdictKey(answer);
  const part = key === "verdict.partial" ? ` ${t("verdict.count", { supported, n: claims.length })}` : "";
  return html`<p class="verdict ${verdict}"><${Icon} name=${SHAPES[verdict]} /><span>${t(key)}${part}</span></p>`;
}
