/** An answer's text as blocks of runs: its little Markdown, its markers, and which claim each run belongs to. */

/** @typedef {{ text: string, strong?: boolean, em?: boolean, code?: boolean, marker?: number[], claim?: number }} Leaf */
/** @typedef {{ kind: "p" | "h" | "code" | "item" | "row", depth: number, mark: string, cells: Leaf[][] }} Block */

const MARKER = /\[(\d{1,3}(?:\s*[,，]\s*\d{1,3})*)\]/;
const INLINE = new RegExp(
  [MARKER.source, "\\*\\*(?=\\S)(.+?)\\*\\*", "`([^`\\n]+)`", "(?<![\\w*])\\*(?=[^\\s*])([^*\\n]+?)\\*(?![\\w*])"].join("|"),
);
const ITEM = /^(\s*)([-*•]|\d{1,3}[.)])\s+(.*)$/;
const LETTER = /[\p{L}\p{N}]/u;

/** @param {string} text @param {(n: number) => boolean} known whether a number is a citation's @returns {Block[]} */
export function blocksOf(text, known) {
  /** @type {Block[]} */
  const blocks = [];
  let fenced = false;
  for (const line of text.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced;
      if (fenced) blocks.push({ kind: "code", depth: 0, mark: "", cells: [[{ text: "" }]] });
    } else if (fenced) {
      const code = blocks[blocks.length - 1].cells[0][0];
      code.text += (code.text ? "\n" : "") + line;
    } else {
      const former = blocks[blocks.length - 1];
      const block = blockOf(line, known);
      if (block && former && block.kind === "p" && former.kind === "p" && former.mark !== "end") {
        former.cells[0].push({ text: "\n" }, ...block.cells[0]);
      } else if (block) {
        blocks.push(block);
      } else if (former && former.kind === "p") {
        former.mark = "end"; // an empty line: the next one begins a paragraph
      }
    }
  }
  return blocks;
}

/** @param {string} line @param {(n: number) => boolean} known @returns {Block | null} */
function blockOf(line, known) {
  if (!line.trim() || /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(line)) return null; // empty, or the rule of a table
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) return { kind: "h", depth: 0, mark: "", cells: [leavesOf(heading[1], known)] };
  const item = ITEM.exec(line);
  if (item) {
    const mark = /\d/.test(item[2]) ? item[2].replace(")", ".") : "•";
    return { kind: "item", depth: Math.min(3, item[1].length >> 1), mark, cells: [leavesOf(item[3], known)] };
  }
  if (/^\s*\|.*\|\s*(\[[\d, ]+\]\s*)*$/.test(line)) {
    const cells = line.trim().replace(/^\|/, "").replace(/\|\s*$/, "").split("|");
    return { kind: "row", depth: 0, mark: "", cells: cells.map((cell) => leavesOf(cell.trim(), known)) };
  }
  return { kind: "p", depth: 0, mark: "", cells: [leavesOf(line, known)] };
}

/** @param {string} text @param {(n: number) => boolean} known @returns {Leaf[]} */
export function leavesOf(text, known) {
  /** @type {Leaf[]} */
  const leaves = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) leaves.push({ text: rest.slice(0, found.index) });
    const [all, marker, strong, code, em] = found;
    if (marker !== undefined) {
      const numbers = marker.split(/[,，]/).map(Number);
      leaves.push(numbers.every(known) ? { text: all, marker: numbers } : { text: all });
    } else if (strong !== undefined) {
      leaves.push(...leavesOf(strong, known).map((leaf) => ({ ...leaf, strong: true })));
    } else if (code !== undefined) {
      leaves.push({ text: code, code: true });
    } else {
      leaves.push({ text: em, em: true });
    }
    rest = rest.slice(found.index + all.length);
  }
  if (rest) leaves.push({ text: rest });
  return leaves;
}

/**
 * Says of each leaf which claim it belongs to, cutting leaves where a claim begins or ends. Claims come in the order of
 * the text; letters and digits alone are compared. Returns the claims that were not found in the text.
 * @param {Block[]} blocks @param {{ text: string }[]} claims @returns {number[]}
 */
export function assign(blocks, claims) {
  const cells = blocks.flatMap((block) => block.cells);
  const letters = lettersOf(cells);
  const all = letters.map((one) => one.letter).join("");
  let from = 0;
  /** @type {number[]} */
  const lost = [];
  claims.forEach((claim, index) => {
    const wanted = onlyLetters(claim.text.replace(new RegExp(MARKER, "g"), " "));
    const at = wanted ? all.indexOf(wanted, from) : -1;
    if (at < 0) return void lost.push(index);
    for (let i = at; i < at + wanted.length; i++) letters[i].claim = index;
    from = at + wanted.length;
  });
  for (const leaves of cells) cutByClaim(leaves, letters);
  return lost;
}

/** @typedef {{ letter: string, leaf: Leaf, offset: number, claim: number }} Letter */

/** @param {Leaf[][]} cells @returns {Letter[]} */
function lettersOf(cells) {
  /** @type {Letter[]} */
  const letters = [];
  for (const leaf of cells.flat()) {
    if (leaf.marker) continue;
    for (let offset = 0; offset < leaf.text.length; offset++) {
      const letter = leaf.text[offset];
      if (isLetter(letter)) letters.push({ letter: lower(letter), leaf, offset, claim: -1 });
    }
  }
  return letters;
}

/** @param {Leaf[]} leaves changed in place @param {Letter[]} letters */
function cutByClaim(leaves, letters) {
  const byLeaf = new Map();
  for (const one of letters) byLeaf.set(one.leaf, [...(byLeaf.get(one.leaf) ?? []), one]);
  /** @type {Leaf[]} */
  const cut = [];
  for (const leaf of leaves) {
    const claims = claimsOf(leaf, byLeaf.get(leaf) ?? []);
    let begin = 0;
    for (let i = 1; i <= leaf.text.length; i++) {
      if (i < leaf.text.length && claims[i] === claims[begin]) continue;
      const claim = claims[begin];
      cut.push({ ...leaf, text: leaf.text.slice(begin, i), ...(claim >= 0 ? { claim } : {}) });
      begin = i;
    }
  }
  leaves.splice(0, leaves.length, ...cut);
}

/** The claim of every character: what stands between two letters belongs to the one before it. @param {Leaf} leaf @param {Letter[]} letters */
function claimsOf(leaf, letters) {
  const claims = new Array(leaf.text.length).fill(-1);
  letters.forEach((one, i) => {
    const next = letters[i + 1];
    const end = next ? next.offset : leaf.text.length;
    for (let at = one.offset; at < end; at++) {
      const between = at > one.offset && next !== undefined && next.claim !== one.claim;
      claims[at] = between && /\s/.test(leaf.text[at]) ? -1 : one.claim;
    }
  });
  return claims;
}

/** @param {string} text */
export const onlyLetters = (text) => text.split("").filter(isLetter).map(lower).join("");

/** @param {string} letter one UTF-16 unit */
const isLetter = (letter) => LETTER.test(letter);

/** @param {string} letter lower case of the same length, so that offsets stay true */
function lower(letter) {
  const low = letter.toLowerCase();
  return low.length === letter.length ? low : letter;
}

/** Whole sentences of a text that is still being written. @param {string} text @param {string} language */
export function sentencesOf(text, language) {
  const shown = text.replace(new RegExp(MARKER, "g"), "").replace(/[*`#]/g, "");
  const cutter = new Intl.Segmenter(language, { granularity: "sentence" });
  return [...cutter.segment(shown)].map((one) => one.segment.trim()).filter(Boolean);
}
