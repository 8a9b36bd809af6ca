// Reads one HTTP response that carries a stream of events, piece by piece, and checks its payloads.
//
// A payload is  #<sequence, 10 digits>:<nanoseconds, 19 digits>:<filling>$  of a length known before
// (harness/payload.mjs makes it). It may stand anywhere in the event's data, and counts when the blank
// line that ends the event has come.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { IN_HEAD, IN_CHUNK_SIZE, IN_CHUNK, AFTER_CHUNK, IN_BODY };
enum { BETWEEN, IN_DIGITS, IN_FILLING, AT_END_MARK, BEFORE_BLANK_LINE };
enum { DIGITS = 31, MARKS = 33 };  // "0000000001:0000000000000000001:"; and the same with # and $

struct stream {
  int fd;
  uint8_t framing, phase, digits_seen, newlines;
  uint8_t is_chunked, is_ok, head_seen;
  char head[12], digits[DIGITS];  // "HTTP/1.1 200"
  uint32_t chunk_left, filling_left;
  char line[32];
  uint8_t line_length;
  uint64_t events, sequence, last;
};

struct tally {
  uint64_t payload_bytes, events, bytes, lost, duplicated, disordered, broken, closed;
  void (*on_latency)(uint64_t nanoseconds);
  uint64_t (*now)(void);
};

static uint64_t number(const char *digits, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) {
    if (digits[i] < '0' || digits[i] > '9') return UINT64_MAX;
    value = value * 10 + (uint64_t)(digits[i] - '0');
  }
  return value;
}

static void count_event(struct stream *s, struct tally *t) {
  t->events++;
  s->events++;
  if (s->sequence == s->last + 1) {
    s->last = s->sequence;
  } else if (s->sequence > s->last) {
    t->lost += s->sequence - s->last - 1;
    s->last = s->sequence;
  } else if (s->sequence == s->last) {
    t->duplicated++;
  } else {
    t->disordered++;
  }
}

static void end_digits(struct stream *s, struct tally *t) {
  s->sequence = number(s->digits, 10);
  uint64_t sent = number(s->digits + 11, 19);
  if (s->sequence == UINT64_MAX || sent == UINT64_MAX || t->payload_bytes < MARKS) {
    t->broken++;
    s->phase = BETWEEN;
    return;
  }
  t->on_latency(t->now() - sent);
  s->filling_left = (uint32_t)(t->payload_bytes - MARKS);
  s->phase = s->filling_left > 0 ? IN_FILLING : AT_END_MARK;
}

static void take_events(struct stream *s, struct tally *t, const char *at, size_t length) {
  const char *end = at + length;
  while (at < end) {
    if (s->phase == BETWEEN) {
      at = memchr(at, '#', (size_t)(end - at));
      if (at == NULL) return;
      at++;
      s->digits_seen = 0;
      s->phase = IN_DIGITS;
    } else if (s->phase == IN_DIGITS) {
      s->digits[s->digits_seen++] = *at++;
      if (s->digits_seen == DIGITS) end_digits(s, t);
    } else if (s->phase == IN_FILLING) {
      size_t step = (size_t)(end - at) < s->filling_left ? (size_t)(end - at) : s->filling_left;
      at += step;
      s->filling_left -= (uint32_t)step;
      if (s->filling_left == 0) s->phase = AT_END_MARK;
    } else if (s->phase == AT_END_MARK) {
      if (*at++ == '$') {
        s->newlines = 0;
        s->phase = BEFORE_BLANK_LINE;
      } else {
        t->broken++;
        s->phase = BETWEEN;
      }
    } else {
      char next = *at++;
      if (next == '#') {  // the next payload begins, and no blank line has come
        t->broken++;
        s->digits_seen = 0;
        s->phase = IN_DIGITS;
      } else if (next == '\n') {
        if (++s->newlines == 2) {
          count_event(s, t);
          s->phase = BETWEEN;
        }
      } else if (next != '\r') {
        s->newlines = 0;
      }
    }
  }
}

static void end_head_line(struct stream *s) {
  if (s->line_length == 0) {
    s->head_seen = 1;
    s->framing = s->is_chunked ? IN_CHUNK_SIZE : IN_BODY;
  } else if (strncasecmp(s->line, "HTTP/1.1 200", 12) == 0) {
    s->is_ok = 1;
  } else if (strncasecmp(s->line, "transfer-encoding: chunked", 26) == 0) {
    s->is_chunked = 1;
  }
  s->line_length = 0;
}

static void end_chunk_size(struct stream *s) {
  s->line[s->line_length] = 0;
  s->chunk_left = (uint32_t)strtoul(s->line, NULL, 16);
  s->line_length = 0;
  s->framing = s->chunk_left > 0 ? IN_CHUNK : IN_BODY;
}

// Takes a byte of a line of the head or of a chunk's size; true when the line has ended.
static int takes_line(struct stream *s, char byte) {
  if (byte == '\n') return 1;
  if (byte != '\r' && s->line_length < sizeof s->line - 1) s->line[s->line_length++] = byte;
  return 0;
}

static void take_bytes(struct stream *s, struct tally *t, const char *at, size_t length) {
  const char *end = at + length;
  t->bytes += length;
  while (at < end) {
    if (s->framing == IN_BODY) {
      take_events(s, t, at, (size_t)(end - at));
      return;
    } else if (s->framing == IN_CHUNK) {
      size_t step = (size_t)(end - at) < s->chunk_left ? (size_t)(end - at) : s->chunk_left;
      take_events(s, t, at, step);
      at += step;
      s->chunk_left -= (uint32_t)step;
      if (s->chunk_left == 0) s->framing = AFTER_CHUNK;
    } else if (s->framing == AFTER_CHUNK) {
      if (*at++ == '\n') s->framing = IN_CHUNK_SIZE;
    } else if (takes_line(s, *at++)) {
      if (s->framing == IN_HEAD) end_head_line(s);
      else end_chunk_size(s);
    }
  }
}
