import { NUMBERS, script } from "../script.js";

const KEYS_OF_RUN = `
local meta, record, index = unpack(KEYS)
`;

// A run is kept for as long after its lease as after its end, because no follower may be there to end it as lost.
const LEASE = `
local function renew(id, leaseMs, keepMs, time)
  redis.call('HSET', meta, 'lease', whole(time + leaseMs))
  redis.call('PEXPIRE', meta, whole(leaseMs + keepMs))
  redis.call('PEXPIRE', record, whole(leaseMs + keepMs))
  redis.call('ZADD', index, whole(time + leaseMs + keepMs), id)
end
`;

const FINISH = `
local function finish(id, head, reason, keepMs, time)
  redis.call('XADD', record, whole(head) .. '-1', 'e', reason)
  redis.call('HSET', meta, 'state', reason)
  redis.call('PEXPIRE', meta, whole(keepMs))
  redis.call('PEXPIRE', record, whole(keepMs))
  redis.call('ZADD', index, whole(time + keepMs), id)
end
`;

/**
 * Begins a record. Keys: meta, record, index. Arguments: id, token, audience as JSON, since, leaseMs, keepMs. Returns 0
 * if the id belongs to another run that is alive.
 */
export const BEGIN_RUN = script(
  NUMBERS,
  KEYS_OF_RUN,
  LEASE,
  `
local id, token, audience, since = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local leaseMs, keepMs = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = now()
local found = redis.call('HMGET', meta, 'token', 'state', 'lease')
if found[1] and found[1] ~= token and found[2] == 'running' and tonumber(found[3]) > time then return 0 end
redis.call('UNLINK', meta, record)
redis.call('HSET', meta, 'id', id, 'token', token, 'for', audience, 'since', since, 'leaseMs', ARGV[5],
  'keepMs', ARGV[6], 'state', 'running', 'head', '0', 'bytes', '0')
redis.call('ZREMRANGEBYSCORE', index, '-inf', whole(time))
renew(id, leaseMs, keepMs, time)
return 1
`,
);

/**
 * Writes to a record, once. Keys: meta, record, index. Arguments: token, number of events before, number of events,
 * their bytes, the end or "", the length of each event, and the events. Returns `in`, `gone`, or how the run has ended.
 */
export const WRITE_RUN = script(
  NUMBERS,
  KEYS_OF_RUN,
  LEASE,
  FINISH,
  `
local token, ending, lengths, payload = ARGV[1], ARGV[5], ARGV[6], ARGV[7]
local after, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local found = redis.call('HMGET', meta, 'token', 'state', 'head', 'bytes', 'lease', 'leaseMs', 'keepMs', 'id')
if found[1] ~= token then return 'gone' end
local head = tonumber(found[3])
if found[2] ~= 'running' then
  return found[2] == ending and head == after + count and 'in' or found[2]
end
-- A repeated write is already in the record. Any other write but the next one means that a part was lost.
if head ~= after and head ~= after + count then return 'gone' end
if head > 0 and redis.call('EXISTS', record) == 0 then return 'gone' end
local time, leaseMs, keepMs = now(), tonumber(found[6]), tonumber(found[7])
if head == after and count > 0 then
  redis.call('XADD', record, whole(head + count) .. '-0', 'l', lengths, 'd', payload)
  redis.call('HSET', meta, 'head', whole(head + count), 'bytes', whole(tonumber(found[4]) + tonumber(ARGV[4])))
end
if ending ~= '' then
  finish(found[8], after + count, ending, keepMs, time)
elseif after == 0 or tonumber(found[5]) - time < leaseMs * 2 / 3 then
  renew(found[8], leaseMs, keepMs, time)
end
return 'in'
`,
);

/**
 * Ends a record as lost. Keys: meta, record, index. Arguments: token, and `now` or `expired`. Returns the state of the
 * run, and the rest of its lease if the run goes on.
 */
export const LOSE_RUN = script(
  NUMBERS,
  KEYS_OF_RUN,
  FINISH,
  `
local found = redis.call('HMGET', meta, 'token', 'state', 'head', 'lease', 'keepMs', 'id')
if found[1] ~= ARGV[1] then return {'gone', 0} end
if found[2] ~= 'running' then return {found[2], 0} end
local time = now()
local rest = tonumber(found[4]) - time
if rest > 0 and ARGV[2] == 'expired' then return {'in', rest} end
finish(found[6], tonumber(found[3]), 'lost', tonumber(found[5]), time)
return {'lost', 0}
`,
);
