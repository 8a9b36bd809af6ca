import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHub, sse, type Matcher } from "express-sse-hub";
import { onTestEnd } from "../support/disposers.js";
import { Shop } from "../support/shop.js";
import { watchWarnings } from "../support/warnings.js";

const ALICE = {
  login: "alice",
  profile: "Administrator",
  team: { id: 7, name: "desk" },
  tags: ["a"],
};

async function shopWithAlice(): Promise<Shop> {
  const shop = await Shop.open();
  await shop.stream("/events", { cookie: await shop.signIn(ALICE) });
  return shop;
}

describe("a matcher in development", () => {
  it.each<[Matcher, string]>([
    [{ profil: "Administrator" }, 'uses "profil".*Did you mean profile\\?'],
    [{ "team.ids": 7 }, 'uses "team.ids".*Did you mean team.id\\?'],
    [{ $or: [{ login: "bob" }, { Login: "alice" }] }, 'uses "Login".*Did you mean login\\?'],
    [{ vip: true }, 'uses "vip".*They have: login, profile, team, team.id, team.name, tags\\.'],
  ])("with a field that no connected user has is told of once: %j", async (matcher, hint) => {
    const shop = await shopWithAlice();
    const warnings = watchWarnings();
    await shop.hub.broadcast("message", "a", matcher);
    await shop.hub.broadcast("message", "b", matcher);
    expect(warnings).toEqual([expect.stringMatching(hint)]);
  });

  it("says nothing where somebody has the field, or it may be missing", async () => {
    const shop = await shopWithAlice();
    const warnings = watchWarnings();
    await shop.hub.broadcast("message", "a", { profile: "Viewer", "team.id": 8, tags: "b" });
    await shop.hub.broadcast("message", "a", { banned: { $exists: false } });
    await shop.hub.broadcast("message", "a", ({ user }) => user?.vip === true);
    expect(warnings).toEqual([]);
  });

  it("is not looked at in production", async () => {
    const before = process.env.NODE_ENV;
    onTestEnd(() => {
      process.env.NODE_ENV = before;
    });
    process.env.NODE_ENV = "production";
    const shop = await shopWithAlice();
    const warnings = watchWarnings();
    await shop.hub.broadcast("message", "a", { profil: "Administrator" });
    expect(warnings).toEqual([]);
  });
});

describe("a folder for static files in development", () => {
  it("that does not exist is told of", () => {
    const warnings = watchWarnings();
    const there = mkdtempSync(join(tmpdir(), "static-spec-"));
    sse({ hub: createHub(), static: [there, "publik"] });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^The folder \/.*publik of sse\(\{ static: "publik" \}\) does not exist/,
      ),
    ]);
  });
});
