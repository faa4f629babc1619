/** What the check of an answer gave, as the key of its words. */

/** @param {import("./types").Answer} answer */
export function verdictKey(answer) {
  const { verdict, claims, abstained_because: because } = answer;
  if (verdict === "abstained") return because === "unsure" ? "verdict.unsure" : "verdict.abstained";
  const aside = verdict !== "grounded" && claims.length > 0 && claims.every((one) => one.supported);
  return aside ? "verdict.aside" : `verdict.${verdict}`;
}
