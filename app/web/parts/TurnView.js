/** A question and what came of it. */
import { askAgain, isAsking } from "../asking.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { Abstained } from "./Abstained.js";
import { AnswerActions } from "./AnswerActions.js";
import { AnswerText } from "./AnswerText.js";
import { Button } from "./Button.js";
import { Icon } from "./Icon.js";
import { Notices } from "./Notices.js";
import { PrintedEvidence } from "./PrintedEvidence.js";
import { References } from "./References.js";
import { VerdictLine } from "./VerdictLine.js";

/** @typedef {import("../types").Turn} Turn */

/** @param {{ turn: Turn, number: number }} props */
export function TurnView({ turn, number }) {
  return html`<article class="turn">
    <div class="asked">
      ${turn.picture && html`<img src=${turn.picture} alt=${t("question.picture")} />`}
      <h2>${turn.question || t("question.picture")}</h2>
    </div>
    <${Answered} turn=${turn} number=${number} />
  </article>`;
}

/** @param {{ turn: Turn, number: number }} props */
function Answered({ turn, number }) {
  const { answer } = turn;
  if (answer?.verdict === "abstained") {
    return html`<${Abstained} answer=${answer} turn=${number} /><${AnswerActions} turn=${turn} number=${number} />`;
  }
  if (answer) {
    return html`<div class="answer">
      <${VerdictLine} answer=${answer} />
      <${AnswerText} text=${answer.answer} claims=${answer.claims} citations=${answer.citations} turn=${number} />
      <${Notices} notices=${answer.notices} />
      <${References} citations=${answer.citations} turn=${number} />
      <${AnswerActions} turn=${turn} number=${number} />
      <${PrintedEvidence} citations=${answer.citations} />
    </div>`;
  }
  return html`<div class="answer" aria-busy=${String(turn.state === "searching" || turn.state === "writing")}>
    ${turn.text && html`<${AnswerText} text=${turn.text} claims=${[]} citations=${null} turn=${number} />`}
    <${Unfinished} turn=${turn} />
  </div>`;
}

/** @param {{ turn: Turn }} props */
function Unfinished({ turn }) {
  if (turn.state === "searching" || turn.state === "writing") {
    return html`<p class="working"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t(`ask.${turn.state}`)}</p>`;
  }
  const broken = turn.state === "broken";
  return html`<div class="ended ${broken ? "wrong" : ""}" role=${broken ? "alert" : undefined}>
    <${Icon} name=${broken ? "warn" : "stop"} />
    <div>
      <p>${t(broken ? "ask.broke" : "ask.stopped")}${turn.text ? ` ${t("ask.unchecked")}` : ""}</p>
      ${turn.problem && turn.problem.detail !== t("ask.broke") && html`<p class="faint">${turn.problem.detail}</p>`}
    </div>
    <${Button} icon="again" kind="soft" words=${t("ask.again")} off=${isAsking()} act=${() => askAgain(turn)} />
  </div>`;
}
