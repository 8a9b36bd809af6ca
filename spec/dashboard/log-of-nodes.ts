import { memoryLog, type EventLog, type Notice } from "express-sse-hub";

/** A log in memory, with what other nodes answer who are asked through it. */
export function logOfNodes(answersOf: (question: Notice) => unknown[]): EventLog {
  const log = memoryLog();
  const ask = log.ask.bind(log);
  log.ask = async (question) => [...(await ask(question)), ...answersOf(question)];
  return log;
}
