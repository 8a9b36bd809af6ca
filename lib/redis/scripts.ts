import { NUMBERS, STATE, script } from "./script.js";

/**
 * Runs first on every connection. Begins a new epoch if the log in Redis cannot be trusted: the log is unknown, the
 * server is not the one that wrote it, or entries that the calling node has read are missing. Keys: log, meta, marks,
 * kept, order. Arguments: run id of the server (empty if unknown), the id of a new epoch, and the last entry that the
 * node has read: epoch, position, node, sequence. Returns the state.
 */
export const ENSURE_EPOCH = script(
  NUMBERS,
  STATE,
  `
local log, meta, marks, kept, order = unpack(KEYS)
local run, candidate, seenEpoch, seenPosition, seenNode, seenSequence = unpack(ARGV)
local function hasLost(head)
  local position = tonumber(seenPosition)
  if position == 0 then return false end
  if head < position then return true end
  local there = redis.call('XRANGE', log, seenPosition .. '-0', seenPosition .. '-0')[1]
  if not there or seenNode == '' then return false end
  return valueOf(there[2], 'n') ~= seenNode or valueOf(there[2], 's') ~= seenSequence
end
local function isSound()
  local found = redis.call('HMGET', meta, 'epoch', 'run', 'head', 'event', 'count', 'bytes', 'trimmed')
  for at = 1, 7 do
    if not found[at] then return false end
    if at > 2 and not tonumber(found[at]) then return false end
  end
  if run ~= '' and found[2] ~= '' and found[2] ~= run then return false end
  if found[1] == seenEpoch and hasLost(tonumber(found[3])) then return false end
  if run ~= found[2] and run ~= '' then redis.pcall('HSET', meta, 'run', run) end
  return true
end
if not isSound() then
  redis.call('UNLINK', log, marks, meta)
  local size, touch = 0, 0
  for _, key in ipairs(redis.call('ZRANGE', order, 0, -1)) do
    size = size + redis.call('HSTRLEN', kept, key)
  end
  local newest = redis.call('ZRANGE', order, -1, -1, 'WITHSCORES')
  if newest[2] then touch = tonumber(newest[2]) end
  redis.call('HSET', meta, 'epoch', candidate, 'run', run, 'head', 0, 'event', 0, 'count', 0,
    'bytes', 0, 'trimmed', 0, 'kept', whole(size), 'touch', whole(touch))
end
return stateOf(log, meta)
`,
);

/** Reports that a node is alive, and returns the state. Keys: log, meta, nodes. Argument: node. */
export const CHECK = script(
  NUMBERS,
  STATE,
  `
local log, meta, nodes = unpack(KEYS)
local time = now()
-- A Redis that takes no writes, because its memory is full or it is a replica, can still be read.
redis.pcall('ZADD', nodes, time, ARGV[1])
redis.pcall('ZREMRANGEBYSCORE', nodes, '-inf', time - 3600000)
return stateOf(log, meta)
`,
);

/** Returns the state and the retained events, oldest first. Keys: log, meta, kept, order. */
export const BEGIN = script(
  NUMBERS,
  STATE,
  `
local log, meta, kept, order = unpack(KEYS)
local entries = {}
for _, key in ipairs(redis.call('ZRANGE', order, 0, -1)) do
  local value = redis.call('HGET', kept, key)
  if value then
    entries[#entries + 1] = key
    entries[#entries + 1] = value
  end
end
return {stateOf(log, meta), entries}
`,
);

/** Stores an answer to a question. Key: replies. Arguments: the answer, the milliseconds for which it is kept. */
export const ANSWER = script(`
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`);

/**
 * Returns the nodes that are alive, and the new answers. Keys: nodes, replies. Arguments: number of answers that the
 * caller has, milliseconds after which a silent node counts as dead.
 */
export const ANSWERS = script(
  NUMBERS,
  `
local alive = redis.call('ZRANGEBYSCORE', KEYS[1], now() - tonumber(ARGV[2]), '+inf')
return {alive, redis.call('LRANGE', KEYS[2], ARGV[1], -1)}
`,
);
