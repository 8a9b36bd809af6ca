import type { Hub } from "express-sse-hub";
import type { ModelReader, Segment } from "./reader.js";
import type { Random } from "./random.js";

/** A broadcast as the model knows it. */
export interface Published {
  readonly position: number;
  readonly rooms: readonly string[] | null;
  readonly profile: string | null;
  readonly except: string | null;
  readonly key: string | null;
  readonly isVolatile: boolean;
}

export const ROOMS = ["red", "blue", "green"];
export const PROFILES = ["Administrator", "Viewer"];

/** Broadcasts something drawn; the data is its position, so that it is known again. */
export async function publish(hub: Hub, random: Random, position: number, readers: ModelReader[]) {
  const draw = <T>(probability: number, pick: () => T) =>
    random.chance(probability) ? pick() : null;
  const published: Published = {
    position,
    rooms: draw(0.4, () => ROOMS.filter(() => random.chance(0.5))),
    profile: draw(0.4, () => random.pick(PROFILES)),
    except: draw(0.1, () => random.pick(readers).current?.connection.id ?? null),
    key: draw(0.15, () => random.pick(["a", "b", "c"])),
    isVolatile: random.chance(0.1),
  };
  const rooms = published.rooms?.length === 0 ? null : published.rooms;
  let to = rooms === null ? hub : hub.to(...(rooms as [string]));
  if (published.except !== null) to = to.except(published.except);
  if (published.key !== null) to = to.retain(published.key);
  if (published.isVolatile) to = to.volatile();
  const { profile } = published;
  // Now and then one that fills the buffers on the way, so that a reader that stalls is behind.
  const data = `${position} ${"x".repeat(random.below(random.chance(0.15) ? 600_000 : 2_000))}`;
  const id = await (profile === null
    ? to.broadcast("message", data)
    : random.chance(0.5)
      ? to.broadcast("message", data, { profile })
      : to.broadcast("message", data, ({ user }) => user?.profile === profile));
  if (!id.endsWith(`.${position}`)) throw new Error(`Position ${position} became ${id}.`);
  return { ...published, rooms };
}

/** Whether an entry is for a stream: surely, surely not, or as it happens to fall. */
export function isFor(entry: Published, segment: Segment): "yes" | "no" | "maybe" {
  if (entry.except === segment.connection.id) return "no";
  if (entry.profile !== null && entry.profile !== segment.profile) return "no";
  if (entry.rooms === null) return "yes";
  const stays = segment.stays.filter(
    ({ room, since }) => entry.rooms?.includes(room) === true && since < entry.position,
  );
  if (stays.some(({ until }) => until === Infinity)) return "yes";
  // A leave counts at once, also for what was published before and not delivered yet.
  return stays.some(({ until }) => until >= entry.position) ? "maybe" : "no";
}
