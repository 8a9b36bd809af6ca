import type { StreamEvent } from "../support/open-stream.js";
import { placeOf, type Broadcast, type Ledger, type Place } from "./ledger.js";
import type { RoamingReader, Stop, Visit } from "./roaming-reader.js";

/** What is wrong with what the readers of several nodes saw: one sentence each, none if all is well. */
export function faultsOfNodes(
  readers: readonly RoamingReader[],
  ledger: Ledger,
  maxEvents: number,
): string[] {
  for (const { visits } of readers) for (const visit of visits) placeAll(visit, ledger);
  return [
    ...faultsOfLog(ledger),
    ...readers.flatMap((reader) => [
      ...faultsOfRefusals(reader),
      ...faultsOfStops(reader, ledger),
      ...new Walk(reader, ledger, maxEvents).faults(),
    ]),
  ];
}

// Where the answer was lost, the readers know where the event is.
function placeAll({ stream }: Visit, ledger: Ledger): void {
  for (const { event, data, id } of stream.all) {
    const isKnown = !event.startsWith("hub:") && id !== undefined;
    if (isKnown) ledger.place(numberOf(data), id);
  }
}

function faultsOfLog(ledger: Ledger): string[] {
  const faults = [...ledger.clashes];
  const { epochs } = ledger;
  if (epochs.length > 1 + ledger.losses) {
    faults.push(`the log began ${epochs.length} times, and was lost ${ledger.losses} times`);
  }
  for (const epoch of epochs) {
    for (const n of ledger.broadcasts.keys()) {
      const positions = ledger.positionsOf(n, epoch);
      if (positions.length > 1) faults.push(`${n} is in ${epoch} at ${positions.join(" and ")}`);
    }
    for (const batch of ledger.batches) {
      const positions = batch.flatMap((n) => ledger.positionsOf(n, epoch));
      if (positions.some((position, at) => position <= (positions[at - 1] ?? 0))) {
        faults.push(`${batch.join()} came into ${epoch} in another order: ${positions.join()}`);
      }
    }
  }
  return faults;
}

function faultsOfRefusals({ name, refusals }: RoamingReader): string[] {
  return refusals.map((status) => `${name} was answered ${status}, and EventSource gives up`);
}

// A page is stopped by a disconnect, not by one from before it was loaded. A node that hears of things
// late, or has forgotten them, may stop a page too many.
function faultsOfStops({ name, visits, stops }: RoamingReader, ledger: Ledger): string[] {
  const isWrong = ({ page, cursor = "", askedAt }: Stop) => {
    if (cursor.startsWith("done.")) return false;
    const disconnects = ledger.changes.filter(
      ({ kind, login, requestedAt }) =>
        kind === "disconnect" && login === name && requestedAt < askedAt,
    );
    const { requestedAt = 0, answeredAt = 0 } = disconnects.at(-1) ?? {};
    const loadedAt = visits.find((visit) => visit.page === page)?.openedAt ?? Infinity;
    return (
      answeredAt < loadedAt &&
      !ledger.troubles.some(({ from, until }) => from < askedAt && until > requestedAt)
    );
  };
  return stops
    .filter(isWrong)
    .map(({ page, cursor }) => `${name} was stopped on page ${page}, with ${String(cursor)}`);
}

/** Goes with one reader through all it saw. */
class Walk {
  readonly #reader: RoamingReader;
  readonly #ledger: Ledger;
  readonly #maxEvents: number;
  readonly #faults: string[] = [];
  // Since the last load of the page, or since it was told that something is lost.
  #seen = new Set<number>();
  #cursor: Place = { epoch: "", position: 0 };
  #order = 0;
  #page = 0;
  #where = "";

  constructor(reader: RoamingReader, ledger: Ledger, maxEvents: number) {
    this.#reader = reader;
    this.#ledger = ledger;
    this.#maxEvents = maxEvents;
  }

  faults(): string[] {
    for (const [n, visit] of this.#reader.visits.entries()) {
      this.#where = `${this.#reader.name}, page ${visit.page}, stream ${n + 1} with ${visit.cursor}`;
      if (visit.page !== this.#page) this.#load(visit);
      const [hello, ...events] = visit.stream.all;
      if (hello === undefined) continue;
      if (hello.event === "hub:end") {
        this.#endEarly(visit, hello);
        continue;
      }
      if (hello.event === "hub:open") this.#open(visit, hello);
      else this.#fault(`it began with ${hello.event}`);
      for (const event of events) this.#take(visit, event);
    }
    return this.#faults;
  }

  // What the page had is gone, and a node that has read less than the last one may tell it again.
  #load({ page }: Visit): void {
    this.#page = page;
    this.#seen = new Set();
  }

  #open(visit: Visit, { id, data }: StreamEvent): void {
    const { cursor } = visit;
    const { recovered, reason } = JSON.parse(data) as { recovered: unknown; reason?: string };
    const place = placeOf(id);
    const [before, verdict] = [placeOf(cursor), `${String(recovered)} ${reason ?? ""}`.trim()];
    if (cursor === undefined) {
      if (recovered !== null) this.#fault(`a first visit was told ${verdict}`);
      this.#begin(place);
    } else if (recovered === true) {
      if (place.epoch !== before.epoch || place.position !== before.position) {
        this.#fault(`it came back with ${cursor} and was put at ${String(id)}`);
      }
      // What had no id may have come from behind the cursor.
      this.#order = place.position;
    } else {
      const isTrue = recovered === false && this.#isLost(before, place, reason);
      if (!isTrue) this.#loseWithoutCause(visit, `told ${verdict} at ${String(id)}, for ${cursor}`);
      this.#begin(place);
    }
  }

  // A page that has no place yet is handed the one it was asked for at.
  #endEarly({ cursor }: Visit, { id }: StreamEvent): void {
    if (id === undefined || id.startsWith("done.")) return;
    const [place, before] = [placeOf(id), placeOf(cursor)];
    if (cursor === undefined) this.#begin(place);
    else if (place.epoch !== before.epoch || place.position !== before.position) {
      this.#fault(`it came back with ${cursor} and was sent away with ${id}`);
    }
  }

  #isLost(before: Place, now: Place, reason: string | undefined): boolean {
    if (reason === "epoch") return before.epoch !== now.epoch;
    const isTrimmed = reason === "trimmed" && before.epoch === now.epoch;
    return isTrimmed && this.#ledger.hasLost(before, this.#maxEvents);
  }

  // What came before is told no more; in the same life of the log it must not come again either.
  #begin(place: Place): void {
    if (place.epoch !== this.#cursor.epoch) this.#seen = new Set();
    this.#cursor = place;
    this.#order = place.position;
  }

  #take(visit: Visit, event: StreamEvent): void {
    const place = placeOf(event.id);
    if (event.event === "hub:end") this.#takeEnd(event.id, place);
    else if (event.event === "hub:tick") {
      this.#moveTo(visit, place);
      this.#order = Math.max(this.#order, place.position);
    } else if (event.event === "hub:gap") {
      const { reason } = JSON.parse(event.data) as { reason: string };
      if (!this.#isLost(this.#cursor, place, reason)) {
        this.#loseWithoutCause(visit, `a gap (${reason}) to ${show(place)}`);
      }
      this.#begin(place);
    } else this.#takeBroadcast(visit, event, place);
  }

  // The cursor that a changed user is sent away with is the one its browser has.
  #takeEnd(id: string | undefined, { epoch, position }: Place): void {
    if (id === undefined || id.startsWith("done.")) return;
    const isSame = epoch === this.#cursor.epoch && position === this.#cursor.position;
    if (!isSame) this.#fault(`it was sent away with ${id}, and had come to ${show(this.#cursor)}`);
  }

  #takeBroadcast(visit: Visit, { data, id }: StreamEvent, place: Place): void {
    const n = numberOf(data);
    const broadcast = this.#ledger.broadcasts.get(n);
    if (broadcast === undefined) {
      this.#fault(`it got ${JSON.stringify(data.slice(0, 20))}, which nobody sent`);
      return;
    }
    if (!isFor(broadcast, visit, this.#reader)) this.#fault(`it got ${n}, which was not for it`);
    this.#checkUser(broadcast, visit);
    // What is retained is state: it comes again wherever a stream begins.
    if (id === undefined && broadcast.key !== null) return;
    if (broadcast.isVolatile !== (id === undefined)) this.#fault(`${n} has the wrong kind of id`);
    if (this.#seen.has(n)) this.#fault(`it got ${n} twice`);
    this.#seen.add(n);
    const [known = Infinity] = this.#ledger.positionsOf(n, this.#cursor.epoch);
    const position = id === undefined ? known : place.position;
    if (position <= this.#order) this.#fault(`it got ${n} at ${position} after ${this.#order}`);
    if (position !== Infinity) this.#order = Math.max(this.#order, position);
    if (id !== undefined) this.#moveTo(visit, place);
  }

  // A broadcast whose call came after the answer to a change is for whoever the user is then.
  #checkUser({ n, calledAt, node }: Broadcast, { user, openedAt }: Visit): void {
    if (user === null) return;
    for (const change of this.#ledger.changes) {
      if (change.login !== user.login || calledAt < change.answeredAt) continue;
      const isBound =
        change.kind === "user" ? change.version === user.version : openedAt < change.requestedAt;
      // A node that could not tell the others does so before it says anything else.
      if (!isBound || !(change.isTold || change.node === node)) continue;
      this.#fault(
        `it got ${n} as version ${user.version}, after a change (${change.kind}) of that`,
      );
    }
  }

  #moveTo(visit: Visit, place: Place): void {
    const { epoch, position } = this.#cursor;
    if (place.epoch !== epoch || place.position < position) {
      this.#fault(`the cursor went from ${show(this.#cursor)} to ${show(place)}`);
    }
    for (const [at, broadcast] of this.#ledger.between(this.#cursor, place.position)) {
      const isDue = !broadcast.isVolatile && isFor(broadcast, visit, this.#reader);
      if (isDue && !this.#seen.has(broadcast.n)) {
        this.#fault(`it never got ${broadcast.n} at ${at}, though it has come to ${show(place)}`);
      }
    }
    this.#cursor = place;
  }

  // Told with all that may settle whether the log was wrong, or the ledger.
  #loseWithoutCause({ url, askedAt, openedAt, closedAt }: Visit, what: string): void {
    const when = `${url}, asked at ${askedAt}, open at ${openedAt}, closed at ${closedAt}`;
    const { epoch } = this.#cursor;
    this.#fault(`${what} from ${show(this.#cursor)} (${when}; ${this.#ledger.historyOf(epoch)})`);
  }

  #fault(what: string): void {
    this.#faults.push(`${this.#where}: ${what}`);
  }
}

function isFor(
  { except, profile, rooms }: Broadcast,
  { stream, user }: Visit,
  reader: RoamingReader,
): boolean {
  const [hello] = stream.all;
  const { connection } = JSON.parse(hello?.data ?? "{}") as { connection?: string };
  if (except !== null && except === connection) return false;
  if (profile !== null && profile !== user?.profile) return false;
  return rooms === null || rooms.some((room) => reader.rooms.includes(room));
}

function numberOf(data: string): number {
  return Number(data.split(" ", 1));
}

function show({ epoch, position }: Place): string {
  return `${epoch}.${position}`;
}
