"""A Redis stream that carries the log. The id of an entry is the position of its event: readers know where they are,
and Redis itself refuses what would stand out of order.

Beside the stream stands a mark: whose log it is, which generation of the stream, and the epoch of whoever publishes. It
goes when Redis loses its memory, and it changes when another relay takes over; each batch is appended by a script that
looks at the mark and at the last entry first, so that nothing is appended behind a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis

from identity.model.errors import DeliveryError
from identity.ports.delivery import Claim, Letter, SinkLost, Tail

__all__ = ["STREAM", "RedisStream"]

STREAM = "identity:events"
_PATIENCE = 5.0

# A reader may have deleted the last entry: the stream still knows its id.
_LAST = """
local function last()
    if redis.call('EXISTS', KEYS[1]) == 0 then return '0-0' end
    local told = redis.call('XINFO', 'STREAM', KEYS[1])
    for place = 1, #told, 2 do
        if told[place] == 'last-generated-id' then return told[place + 1] end
    end
end
"""
_CLAIM = """
local log, epoch = ARGV[1], tonumber(ARGV[2])
local mark = redis.call('HMGET', KEYS[2], 'log', 'epoch', 'generation')
if mark[1] and mark[1] ~= log then return {'another log'} end
if mark[1] and tonumber(mark[2]) > epoch then return {'a later claim'} end
"""
_TAIL = f"""{_LAST} {_CLAIM}
local tail, event_id = last(), ''
local entry = redis.call('XRANGE', KEYS[1], tail, tail)
if #entry > 0 then
    local fields = entry[1][2]
    for place = 1, #fields, 2 do
        if fields[place] == 'id' then event_id = fields[place + 1] end
    end
end
return {{'here', mark[3] or '', tail, event_id}}
"""
_OPEN = f"""{_CLAIM}
if ARGV[4] == 'anew' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[2], 'log', log, 'epoch', epoch, 'generation', ARGV[3])
return {{'here'}}
"""
_PUBLISH = f"""{_LAST}
local mark = redis.call('HMGET', KEYS[2], 'log', 'epoch')
if mark[1] ~= ARGV[1] or mark[2] ~= ARGV[2] then return 0 end
if last() ~= ARGV[3] .. '-0' then return 0 end
for place = 4, #ARGV, 5 do
    redis.call('XADD', KEYS[1], ARGV[place] .. '-0', 'id', ARGV[place + 1], 'type', ARGV[place + 2],
               'subject', ARGV[place + 3], 'event', ARGV[place + 4])
end
return 1
"""


_READERS = """
local mark = redis.call('HMGET', KEYS[2], 'log', 'epoch')
if mark[1] ~= ARGV[1] or mark[2] ~= ARGV[2] then return nil end
local told = {}
if redis.call('EXISTS', KEYS[1]) == 0 then return nil end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local known = {}
    for place = 1, #group, 2 do known[group[place]] = group[place + 1] end
    local waits = redis.call('XPENDING', KEYS[1], known['name'])
    told[#told + 1], told[#told + 2] = known['name'], known['last-delivered-id']
    told[#told + 1] = waits[2] or ''
end
return told
"""
_TRIM = """
local mark = redis.call('HMGET', KEYS[2], 'log', 'epoch')
if mark[1] ~= ARGV[1] or mark[2] ~= ARGV[2] then return 0 end
local ended = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #ended > 0 then
    -- The last entry says where the stream ends: it always stays.
    local floor, ending = tonumber(ARGV[3]) + 1, tonumber(string.match(ended[1][1], '^%d+'))
    redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', math.min(floor, ending)))
end
return 1
"""

_SCRIPTS = (_TAIL, _OPEN, _PUBLISH, _READERS, _TRIM)


class RedisStream:
    """See `ports.delivery.Sink` for what each call promises."""

    def __init__(self, url: str, stream: str = STREAM, patience: float = _PATIENCE) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
        self._keys = [stream, f"{stream}:mark"]
        self._scripts = {script: self._client.register_script(script) for script in _SCRIPTS}

    def tail(self, claim: Claim) -> Tail:
        generation, last, event_id = self._asked(_TAIL, claim.log, claim.epoch)
        return Tail(_position(last), event_id, int(generation) if generation else None)

    def open(self, claim: Claim, *, anew: bool) -> None:
        self._asked(_OPEN, claim.log, claim.epoch, claim.generation, "anew" if anew else "")

    def publish(self, claim: Claim, tail: int, letters: Sequence[Letter]) -> None:
        told: list[Any] = [claim.log, claim.epoch, tail]
        for one in letters:
            told += [one.position, one.event_id, one.type, one.subject, one.content]
        if not self._run(_PUBLISH, *told):
            raise SinkLost("the stream is not as it was left")

    def readers(self, claim: Claim) -> dict[str, int]:
        answer = self._run(_READERS, claim.log, claim.epoch)
        if answer is None:
            raise SinkLost("the stream is not as it was left")
        told = list(map(_text, answer))
        return {
            name: _done(given, first)
            for name, given, first in zip(told[::3], told[1::3], told[2::3], strict=True)
        }

    def trim(self, claim: Claim, horizon: int) -> None:
        if not self._run(_TRIM, claim.log, claim.epoch, horizon):
            raise SinkLost("the stream is not as it was left")

    def close(self) -> None:
        self._client.close()

    def _asked(self, script: str, *told: Any) -> list[str]:
        first, *answer = map(_text, self._run(script, *told))
        if first == "another log":
            raise DeliveryError(
                "E705",
                f"The stream {self._keys[0]} carries the log of another database.",
                "Give this one a stream of its own, or delete the stream and its mark.",
            )
        if first == "a later claim":
            raise SinkLost(first)
        return answer

    def _run(self, script: str, *told: Any) -> Any:
        with _answering():
            return self._scripts[script](keys=self._keys, args=told)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        # Its message may hold the address, with a password in it.
        raise SinkLost(type(error).__name__) from None


def _done(given: str, first: str) -> int:
    """Return up to where a group has done everything: what it was given and has not acknowledged (the first of it, ""
    for nothing) is not done."""
    return _position(first) - 1 if first else _position(given)


def _text(told: Any) -> str:
    return told.decode() if isinstance(told, bytes) else str(told)


def _position(entry: str) -> int:
    return int(entry.partition("-")[0])
