// An OpenID Connect provider that takes everybody by name: node identity-provider.mjs <port> <application's URL>
import { Provider } from "oidc-provider";

const [port, application] = process.argv.slice(2);

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      client_id: "recipe",
      client_secret: "change me",
      redirect_uris: [`${application}/callback`],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], profile: ["profile"] },
  conformIdTokenClaims: false,
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, profile: id.startsWith("alice") ? "Administrator" : "Viewer" }),
  }),
});

provider.listen(Number(port));
