/** The shapes of the HTTP interface (docs/api.md) and of the page's own state, for JSDoc. Not served. */
export type Box = [number, number, number, number];
export type Region = { page: number; box: Box };
export type Kind = "text" | "table" | "figure" | "page" | "image" | "audio" | "video";
export type Place = { heading?: string[]; sheet?: string; rows?: number[]; start_s?: number; end_s?: number };
export type Evidence = {
  id: string;
  document_id: string;
  document: string;
  kind: Kind;
  page: number | null;
  regions: Region[];
  place: Place | null;
  text: string;
  description: string | null;
  described_by: string | null;
  image_url: string | null;
  page_url: string | null;
  found_by: string[];
  ranks: Record<string, number>;
  score: number;
  suspicious: string[];
  withheld?: "deleted" | "again"; // by a kept conversation
};
export type Claim = { text: string; citations: number[]; support: number; supported: boolean };
export type Citation = { n: number; evidence: Evidence; quote: string };
export type Notice = { code: string; message: string };
export type Verdict = "grounded" | "partial" | "ungrounded" | "abstained";
export type Answer = {
  answer: string;
  verdict: Verdict;
  confidence: number;
  claims: Claim[];
  citations: Citation[];
  evidence: Evidence[];
  nearest: Evidence[];
  missing: string | null;
  abstained_because?: "absent" | "unsure" | null;
  notices: Notice[];
  model: string;
  trace_id: string;
};
export type Problem = { status: number; title: string; detail: string };
export type Scope = {
  collections: string[];
  documents: { id: string; name: string }[];
  kinds: Kind[];
  metadata: { field: string; operator: string; value: string }[];
};
export type Turn = {
  question: string;
  picture: string | null;
  scope: Scope;
  state: "searching" | "writing" | "done" | "stopped" | "broken";
  text: string;
  answer: Answer | null;
  problem: Problem | null;
};
export type Status = "queued" | "running" | "ready" | "partial" | "failed" | "cancelled";
export type PageReport = {
  page: number;
  read_as: string;
  confidence: number | null;
  tables: number;
  figures: number;
  uncaptioned: number;
  hidden: number;
};
export type Document = {
  id: string;
  collection: string;
  name: string;
  media_type: string;
  size: number;
  status: Status;
  stage: string | null;
  findable: boolean;
  progress: number;
  time_left_s: number | null;
  replaces?: string | null;
  pages: number | null;
  chunks: Record<string, number>;
  problems: { page: number | null; message: string }[];
  page_report: PageReport[];
  metadata: Record<string, unknown>;
  created_at: string;
  ready_at: string | null;
  duplicate?: boolean;
};
export type Collection = { name: string; metadata: Record<string, unknown>; created_at: string };
export type Upload = {
  key: number;
  name: string;
  collection: string;
  sent: number;
  size: number;
  state: "waiting" | "sending" | "refused" | "lost" | "taken";
  sentence: string;
  again: (() => void) | null;
};
export type Address = { view: string; parts: string[]; query: URLSearchParams };
/** What the viewer shows: citations of an answer, or one piece of evidence, or a page of a document. */
export type Shown = { evidence: Evidence; quotes: string[]; n: number | null };
