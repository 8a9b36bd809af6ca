import type { IncomingMessage } from "node:http";
import createError from "http-errors";
import { isObject } from "../options/option-reader.js";

const MAX_BYTES = 1_048_576;

/**
 * The body of a call, also where a body parser of the application has read it already.
 *
 * @throws an http-error 400 or 413
 */
export async function readJson(req: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const { body } = req as { body?: unknown };
  const value = isObject(body) ? body : parse(await textOf(req));
  if (!isObject(value)) throw createError(400, "Expected a JSON object.");
  return value as Record<string, unknown>;
}

async function textOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw createError(413, `Expected at most ${MAX_BYTES} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw createError(400, "Expected JSON.");
  }
}
