import { createHash } from "node:crypto";

/** A Lua script, and the hash by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function script(...parts: readonly string[]): Script {
  const text = parts.join("\n");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

// Lua prints numbers from 10^14 on with an exponent, and positions may be larger.
export const NUMBERS = `
local function whole(number)
  return string.format('%.0f', number)
end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
`;

// The state of the log at one moment. XINFO tells the oldest entry, even if the stream was trimmed by hand.
export const STATE = `
local function valueOf(list, name)
  for at = 1, #list, 2 do
    if list[at] == name then return list[at + 1] end
  end
  return nil
end
local function trimmedOf(log, head, known)
  local info = redis.pcall('XINFO', 'STREAM', log)
  if info.err then return head end
  local first = valueOf(info, 'first-entry')
  if not first then return head end
  local previous = valueOf(first[2], 'p')
  return previous and tonumber(previous) or known
end
local function stateOf(log, meta)
  local found = redis.call('HMGET', meta, 'epoch', 'head', 'event', 'trimmed')
  if not found[1] then return {'', 0, 0, 0, now()} end
  local head = tonumber(found[2])
  local trimmed = trimmedOf(log, head, tonumber(found[4]))
  return {found[1], head, tonumber(found[3]), math.min(trimmed, head), now()}
end
`;
