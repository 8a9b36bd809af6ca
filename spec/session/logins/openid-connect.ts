import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import expressOpenidConnect from "express-openid-connect";
import { sse } from "express-sse-hub";
import { IdentityProvider } from "../../recipes/provider-process.js";
import { freePort } from "../../support/free-port.js";
import { Browser } from "./browser.js";
import { aWhile } from "./delays.js";
import type { Login, TrialUser } from "./login.js";

const { auth } = expressOpenidConnect;

// The types know only what the provider has said of a user.
interface WithSession {
  readonly appSession: { account?: TrialUser };
}

/**
 * express-openid-connect, whose session is in an encrypted cookie that every response sets anew. Somebody has
 * signed in once, at a real provider; an application without a hub makes the sessions of all others of that one.
 */
export async function openidConnect(): Promise<Login> {
  const desk = express();
  const served = desk.listen(0, "127.0.0.1");
  await once(served, "listening");
  const baseURL = `http://localhost:${String((served.address() as AddressInfo).port)}`;
  const provider = new IdentityProvider();
  provider.port = await freePort();
  await provider.start(baseURL);
  process.once("exit", () => {
    provider.stop();
  });
  const settings = {
    issuerBaseURL: provider.url,
    baseURL,
    clientID: "recipe",
    clientSecret: "change me",
    secret: "for the specs, 32 characters are the least",
    authRequired: false,
    authorizationParams: { response_type: "code", scope: "openid" },
    session: { rolling: true },
  };
  desk.use(auth(settings), express.json());
  desk.post("/desk", (req, res) => {
    (req as unknown as WithSession).appSession.account = req.body as TrialUser;
    res.sendStatus(204);
  });
  const first = await signInAt(provider.url, baseURL);

  return {
    mount(app, hub) {
      app.use(
        sse({
          hub,
          user: async (req) => {
            await aWhile();
            const { account } = (req as unknown as WithSession).appSession;
            if (!req.oidc.isAuthenticated() || account === undefined) return null;
            return { ...account, expiresAt: Date.now() + 86_400_000 };
          },
          credential: "appSession",
        }),
      );
      app.use(auth(settings));
      app.post("/nothing", (_req, res) => {
        res.sendStatus(204);
      });
      app.post("/demote", (req, res) => {
        const { appSession } = req as unknown as WithSession;
        appSession.account = { ...(appSession.account as TrialUser), profile: "Viewer" };
        res.sendStatus(204);
      });
    },
    signIn: async (browser) => {
      const minted = await fetch(`${baseURL}/desk`, {
        method: "POST",
        headers: { "Content-Type": "application/json", cookie: first.cookie ?? "" },
        body: JSON.stringify(browser.user),
      });
      minted.headers.getSetCookie().forEach((header) => {
        browser.take(header);
      });
    },
    logOut: (browser) => browser.get("/logout"),
    demote: (browser) => browser.post("/demote"),
    roll: (browser) => browser.post("/nothing"),
  };
}

// From page to page, as a browser does.
async function signInAt(provider: string, application: string): Promise<Browser> {
  const user = { login: "first", profile: "Viewer" };
  const [there, here] = [provider, application].map(
    (url) => new Browser(user, () => ({ url, hub: undefined as never })),
  ) as [Browser, Browser];
  let page = new URL("/login", application);
  let answer = await here.get(page.href);
  for (let step = 0; step < 20; step += 1) {
    const location = answer.headers.get("Location");
    if (location !== null) page = new URL(location, page);
    if (page.origin === application && page.pathname === "/") return here;
    const who = page.origin === application ? here : there;
    answer =
      location === null
        ? await there.submit(page.href, await filledIn(answer))
        : await who.get(page.href);
  }
  throw new Error(`Nobody came back from ${page.href}: ${await answer.text()}`);
}

async function filledIn(form: Response): Promise<Record<string, string>> {
  const [, prompt = ""] = /name="prompt" value="(\w+)"/.exec(await form.text()) ?? [];
  return { prompt, login: "first", password: "any" };
}
