import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What goes wrong elsewhere. Each has an id, which the titles of the specs that rule it out carry. */
const FAILURES: Record<string, string> = {
  "origin-1": "A blank line after event: ends an empty event, so that a named one never arrives.",
  "origin-2":
    "A disconnect takes an arbitrary session out: somebody healthy gets nothing any more.",
  "origin-3":
    "Data with line breaks is not split; no id, retry, replay, heartbeat or proxy header; a filter that throws ends the loop.",
  "origin-4":
    "Rooms but no filter by user; the slowest client blocks all; no refusal before 200; rooms are leaked.",
  "shared-1": "A stream opened after its browser left, during an awaited lookup, is never removed.",
  "shared-2": "A write after the end in the same tick ends the process.",
  "shared-3": "A stalled reader grows memory without limit.",
  "shared-4": "JSON and framing are done once for each connection instead of once for each event.",
  "shared-5": "Nobody caps connections.",
  "shared-6": "Nobody asks again who the user is after the connect, nor caps a connection's age.",
  "session-1":
    "req.session of an open stream is a snapshot: a change made elsewhere is never seen.",
  "session-2":
    "With resave, ending a stream saves that snapshot: the demoted are administrators again.",
  "session-3": "Without resave, ending a stream touches the session and extends its life.",
  "session-4": 'Taking req.session away destroys the live session under unset: "destroy".',
  "session-5":
    "While the store is away requests go on without a session: the user joins as nobody.",
  "session-6": "A store's touch moves the life of a session but not the expiry stored with it.",
  "session-7":
    "With saveUninitialized, a first request that is the stream has no session in the store.",
  "encoding-1": "CR or LF in a field forges fields and whole events; a lone CR slips through.",
  "encoding-2":
    "Ids with NUL are ignored, others than Latin-1 freeze Node's clients, long ones answer 431, a colon asks for a preflight.",
  "encoding-3": "A payload that JSON refuses leaves its first lines behind, or kills the stream.",
  "encoding-4":
    "Empty data never dispatches; trailing line breaks, id 0 and retry 0 are dropped, a leading space is eaten.",
  "filter-1": "A predicate that is asynchronous delivers to all; one that throws stops for all.",
  "filter-2":
    "A filter in which undefined, functions or the prototype match everybody; code that is run.",
  "filter-3": "Globs made into regular expressions take seconds.",
  "filter-4": "The client chooses its own id, and who knows another's gets what is private.",
  "filter-5": "An event to two rooms arrives twice at who is in both.",
  "replay-1":
    "Ids are compared as strings; a garbage id replays everything; a restart or an id that has left is a silent hole.",
  "replay-2":
    "Recovery skips who may see what: one who is revoked while away gets the missed secret.",
  "replay-3":
    "Several nodes miss entries at their start, jump past trimmed ones silently, and see another order each.",
  "replay-4":
    "Who joins under a fast writer gets gaps, or duplicates, or never arrives at the head.",
  "replay-5":
    "A cursor that is not known is answered where EventSource cannot read it, or silently with all there is.",
  "redis-1":
    "FLUSHALL, a restart without persistence or a failover: a reader with a higher last id waits for ever.",
  "redis-2": "A Redis that hangs carries commands out late: what is tried again comes twice.",
  "redis-3":
    "While Redis is away broadcasts wait for ever; without a listener for errors the process dies.",
  "socket-1": "Pipelined requests have no socket and never close: they stay.",
  "socket-2": "HEAD reaches the handlers of GET, and the stream registered for it stays.",
  "socket-3": "A peer that vanished without a word is found after a quarter of an hour.",
  "socket-4": "Proxies and compression() hold events back, and close what is quiet.",
  "socket-5":
    "server.close() waits for open streams for ever; closing them by force cuts answers off.",
  "socket-6": "A broadcast to thousands in one go blocks the event loop.",
  "socket-7": "A text queued for stalled peers is held once for each of them.",
  "socket-8": "On Express 4 a rejected asynchronous handler hangs the request and is unhandled.",
  "socket-9": "Node's own http2 server crashes under Express.",
};

/** Those that no spec can rule out yet, with what they wait for. */
const LATER: Record<string, string> = {};

/** What a spec says in its title: the first argument of `it`, or of what `it.each` and its like give. */
const TITLE = /(?:\bit|\))\(\s*(["`])((?:\\.|(?!\1)[^\\])*)\1/g;
const ID = /\[([a-z]+-\d+)\]/g;

function titles(): string[] {
  return readdirSync(__dirname, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".spec.ts"))
    .map((file) => readFileSync(join(__dirname, file), "utf8"))
    .flatMap((source) => [...source.matchAll(TITLE)].map(([, , title = ""]) => title));
}

describe("what goes wrong elsewhere", () => {
  const ids = titles().flatMap((title) => [...title.matchAll(ID)].map(([, id = ""]) => id));

  it("is ruled out by specs that say so in their titles, or named as coming later", () => {
    const missing = Object.keys(FAILURES).filter((id) => !ids.includes(id) && !(id in LATER));
    expect(missing.map((id) => `${id}: ${FAILURES[id]}`)).toEqual([]);
  });

  it("is no longer named as coming later once a spec rules it out", () => {
    expect(Object.keys(LATER).filter((id) => ids.includes(id) || !(id in FAILURES))).toEqual([]);
  });

  it("is known by the ids that titles carry", () => {
    expect(ids.filter((id) => !(id in FAILURES))).toEqual([]);
  });
});
