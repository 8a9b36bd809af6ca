// What a user function may do with its request: what any route may. Compiled, never run.
import { createHub, sse } from "express-sse-hub";
import { expectTypeOf } from "expect-type";
import express from "express";
import express4 from "express4";

const hub = createHub();
const verify = (token: string): { id: number } => ({ id: token.length });

const handlers = [
  sse({ hub, user: (req) => verify(req.get("Authorization") ?? "") }),
  sse({ hub, user: (req) => verify(req.header("Authorization") ?? "") }),
  // What cookie-parser gives is any, as in a route.
  sse({ hub, user: (req) => verify(req.cookies.token) }),
  sse({ hub, user: (req) => verify(req.signedCookies.token) }),
  sse({ hub, user: (req) => ({ id: req.ip, path: req.path, host: req.hostname }) }),
  sse({ hub, user: ({ query: { token } }) => (typeof token === "string" ? verify(token) : null) }),
  sse({ hub, user: async (req) => Promise.resolve(verify(req.originalUrl)) }),
  sse({ hub, user: (req) => verify(req.headers.authorization ?? "") }),
];

const app5 = express();
app5.use(handlers);
app5.use(sse({ hub, user: (req: express.Request) => verify(req.cookies.token) }));
app5.use(
  sse({ hub, user: async (req: express.Request) => Promise.resolve({ id: req.params.id }) }),
);

const app4 = express4();
app4.use(handlers);
app4.use(sse({ hub, user: (req: express4.Request) => verify(req.cookies.token) }));

sse({
  hub,
  user: (req) => {
    expectTypeOf(req.get("x")).toEqualTypeOf<string | undefined>();
    expectTypeOf(req.get("set-cookie")).toEqualTypeOf<string[] | undefined>();
    expectTypeOf(req.ip).toEqualTypeOf<string | undefined>();
    return null;
  },
});
// @ts-expect-error -- no request
sse({ hub, user: (req: string) => verify(req) });
// @ts-expect-error -- no such member
sse({ hub, user: (req) => verify(req.gets("x")) });
// @ts-expect-error -- no user
sse({ hub, user: () => 7 });
