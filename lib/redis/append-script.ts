import { NUMBERS, script } from "./script.js";

// A repeated append is recognized by its node and sequence. An append that is sent together with others names the one
// before it: if that one is not in the log, this one is not appended either, so that the order is kept.
const CHECKS = `
local log, meta, marks, seen, kept, order = unpack(KEYS)
local epoch, node, sequence, after, kind, head, payload, retain = unpack(ARGV)
local maxEvents, maxBytes, maxAgeMs = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local retainMs = tonumber(ARGV[12])
local found = redis.call('HMGET', meta, 'epoch', 'head', 'count', 'bytes', 'trimmed', 'mark', 'event')
if found[1] ~= epoch then return {'epoch', 0, 0} end
local trimmed = tonumber(found[5])
local last, lastPosition = 0, 0
local before = redis.call('GET', seen)
if before then
  local seenEpoch, seenSequence, seenPosition = string.match(before, '^(%S+) (%d+) (%d+)$')
  if seenEpoch == epoch then last, lastPosition = tonumber(seenSequence), tonumber(seenPosition) end
end
if tonumber(sequence) <= last then
  return {'in', tonumber(sequence) == last and lastPosition or 0, trimmed}
end
if last < tonumber(after) then return {'order', 0, 0} end
`;

// An entry that was added by hand may have a higher id than ours: then continue after it.
const ADD = `
local time = now()
local previous = tonumber(found[2])
local position = previous + 1
local function add()
  return redis.pcall('XADD', log, whole(position) .. '-0', 'v', '1', 'e', epoch, 'p', whole(previous),
    't', whole(time), 'n', node, 's', sequence, 'k', kind, 'h', head, 'd', payload)
end
local added = add()
if type(added) == 'table' and added.err then
  local info = redis.pcall('XINFO', 'STREAM', log)
  if info.err then return added end
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then
      position = tonumber(string.match(info[at + 1], '^%d+')) + 1
    end
  end
  if position > 9000000000000000 then
    redis.call('UNLINK', log)
    position = previous + 1
  end
  added = add()
  if type(added) == 'table' and added.err then return added end
end
redis.call('SET', seen, epoch .. ' ' .. sequence .. ' ' .. whole(position), 'PX', 86400000)
`;

// A mark describes where a segment of the stream begins: its position, the position before it, and the number of
// entries and bytes before it. The oldest segment is dropped when the segments after it fill a bound.
const TRIM = `
local count, bytes = tonumber(found[3]) + 1, tonumber(found[4])
local bytesAfter = bytes + #payload + #head
local mark = found[6] or ''
local function readMark(text)
  local p, q, c, b, t = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  return tonumber(p), tonumber(q), tonumber(c), tonumber(b), tonumber(t)
end
local function isDue()
  local _, _, c, b, t = readMark(mark)
  return not c or count - c >= maxEvents / 64 or bytes - b >= maxBytes / 64
    or time < t or (maxAgeMs > 0 and time - t >= maxAgeMs / 64)
end
local function trim()
  for _ = 1, 4 do
    local second = redis.call('LINDEX', marks, 1)
    if not second then break end
    local p, q, c, b, t = readMark(second)
    local isOver = count - c + 1 >= maxEvents or bytesAfter - b >= maxBytes
      or (maxAgeMs > 0 and t < time - maxAgeMs)
    if not isOver then break end
    redis.call('XTRIM', log, 'MINID', whole(p))
    redis.call('LPOP', marks)
    trimmed = q
  end
end
if isDue() then
  mark = table.concat({whole(position), whole(previous), whole(count), whole(bytes), whole(time)}, ' ')
  redis.call('RPUSH', marks, mark)
  trim()
  -- A quiet log expires. Entries until the next mark must live as long too, so the time is a 64th longer.
  if maxAgeMs > 0 then
    local restMs = whole(math.ceil(maxAgeMs * 65 / 64))
    redis.call('PEXPIRE', log, restMs)
    redis.call('PEXPIRE', marks, restMs)
  end
end
redis.call('HSET', meta, 'head', whole(position), 'count', whole(count), 'bytes', whole(bytesAfter),
  'trimmed', whole(trimmed), 'mark', mark, 'event', kind == 'event' and whole(position) or found[7])
`;

const RETAIN = `
if retain ~= '' then
  local key = string.sub(retain, 2)
  local size = tonumber(redis.call('HGET', meta, 'kept') or 0)
  local touch = redis.call('HINCRBY', meta, 'touch', 1)
  -- One of the two keys was evicted or deleted: drop the other one too.
  if redis.call('HLEN', kept) ~= redis.call('ZCARD', order) then
    redis.call('UNLINK', kept, order)
    size = 0
  end
  size = size - redis.call('HSTRLEN', kept, key)
  if string.sub(retain, 1, 1) == '-' then
    redis.call('HDEL', kept, key)
    redis.call('ZREM', order, key)
  else
    local place = whole(position) .. (retainMs > 0 and ' ' .. whole(time + retainMs) or '')
    local value = epoch .. '\\n' .. place .. '\\n' .. head .. '\\n' .. payload
    size = size + #value
    redis.call('HSET', kept, key, value)
    redis.call('ZADD', order, touch, key)
  end
  while size > 8388608 or redis.call('ZCARD', order) > 1000 do
    local oldest = redis.call('ZPOPMIN', order)[1]
    if not oldest then break end
    size = size - redis.call('HSTRLEN', kept, oldest)
    redis.call('HDEL', kept, oldest)
  end
  redis.call('HSET', meta, 'kept', whole(size))
end
return {'in', position, trimmed}
`;

/**
 * Appends an entry, once. Keys: log, meta, marks, seen, kept, order. Arguments: epoch, node, sequence, the sequence
 * that must be in the log before, kind, head, payload, retain key after `=` (or after `-` to clear it), the three
 * bounds, and the milliseconds for which it is retained (0: no limit).
 * Returns `["in", position, trimmed]` (position 0: it is in, but its position is no longer known). Returns
 * `["epoch", …]` if the log has another epoch, or `["order", …]` if the entry before is missing; then nothing was
 * written.
 */
export const APPEND = script(NUMBERS, CHECKS, ADD, TRIM, RETAIN);
