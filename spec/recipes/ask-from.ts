import { request as plain } from "node:http";
import { request as secure } from "node:https";

/** Asks from an address of this machine's own choice, such as 127.0.0.2, and gives the JSON answered. */
export function askFrom(localAddress: string, url: string): Promise<unknown> {
  const request = url.startsWith("https:") ? secure : plain;
  return new Promise((resolve, reject) => {
    request(url, { localAddress, rejectUnauthorized: false, agent: false }, (response) => {
      response
        .setEncoding("utf8")
        .toArray()
        .then((parts) => {
          resolve(JSON.parse(parts.join("")));
        })
        .catch(reject);
    })
      .once("error", reject)
      .end();
  });
}
