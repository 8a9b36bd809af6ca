import { compileMatcher } from "../../lib/audience/compile-matcher.js";

const bob = {
  login: "bob",
  age: 30,
  isActive: true,
  manager: null,
  roles: ["editor", "support"],
  none: [],
  team: { id: 7, name: "Blue" },
  badges: [{ id: 1, level: 3 }, { id: 2 }],
  mixed: [1, "2", null, true],
};

describe("a matcher", () => {
  // Each operator × a field that is there, missing, null, of another type, an array, nested.
  it.each<[object, boolean]>([
    [{ login: "bob" }, true],
    [{ login: "Bob" }, false],
    [{ absent: "bob" }, false],
    [{ manager: null }, true],
    [{ absent: null }, false],
    [{ age: "30" }, false],
    [{ isActive: true }, true],
    [{ isActive: 1 }, false],
    [{ roles: "editor" }, true],
    [{ roles: "admin" }, false],
    [{ none: "editor" }, false],
    [{ "team.id": 7 }, true],
    [{ "team.id": 8 }, false],
    [{ "team.id.x": 7 }, false],
    [{ "badges.id": 2 }, true],
    [{ "badges.id": 3 }, false],
    [{ login: "bob", age: 31 }, false],

    [{ login: { $eq: "bob" } }, true],
    [{ absent: { $eq: null } }, false],

    [{ login: { $ne: "alice" } }, true],
    [{ login: { $ne: "bob" } }, false],
    [{ absent: { $ne: "alice" } }, false],
    [{ manager: { $ne: "alice" } }, true],
    [{ roles: { $ne: "admin" } }, true],
    [{ roles: { $ne: "editor" } }, false],
    [{ none: { $ne: "admin" } }, true],

    [{ login: { $in: ["alice", "bob"] } }, true],
    [{ login: { $in: ["alice"] } }, false],
    [{ absent: { $in: ["alice", null] } }, false],
    [{ roles: { $in: ["admin", "support"] } }, true],
    [{ age: { $in: ["30"] } }, false],

    [{ login: { $nin: ["alice"] } }, true],
    [{ login: { $nin: ["alice", "bob"] } }, false],
    [{ absent: { $nin: ["alice"] } }, false],
    [{ roles: { $nin: ["admin"] } }, true],
    [{ roles: { $nin: ["editor"] } }, false],

    [{ age: { $gt: 29 } }, true],
    [{ age: { $gt: 30 } }, false],
    [{ age: { $gte: 30 } }, true],
    [{ age: { $lt: 31 } }, true],
    [{ age: { $lt: 30 } }, false],
    [{ age: { $lte: 30 } }, true],
    [{ age: { $gt: 20, $lt: 25 } }, false],
    [{ age: { $gt: "3" } }, false],
    [{ login: { $gt: 3 } }, false],
    [{ login: { $gte: "b" } }, true],
    [{ absent: { $lt: 9 } }, false],
    [{ absent: { $lte: 9 } }, false],
    [{ manager: { $lt: 9 } }, false],
    [{ isActive: { $gte: 0 } }, false],
    [{ mixed: { $gt: 1 } }, false],
    [{ "badges.level": { $gte: 3 } }, true],

    [{ login: { $exists: true } }, true],
    [{ login: { $exists: false } }, false],
    [{ absent: { $exists: true } }, false],
    [{ absent: { $exists: false } }, true],
    [{ manager: { $exists: true } }, true],
    [{ none: { $exists: true } }, true],

    [{ roles: { $all: ["editor", "support"] } }, true],
    [{ roles: { $all: ["editor", "admin"] } }, false],
    [{ absent: { $all: ["editor"] } }, false],
    [{ login: { $all: ["bob"] } }, true],

    [{ roles: { $size: 2 } }, true],
    [{ none: { $size: 0 } }, true],
    [{ absent: { $size: 0 } }, false],
    [{ login: { $size: 1 } }, false],

    [{ age: { $not: { $gt: 40 } } }, true],
    [{ age: { $not: { $gt: 20 } } }, false],
    [{ absent: { $not: { $gt: 40 } } }, false],
    [{ login: { $not: { $gt: 40 } } }, true],

    [{ $and: [{ login: "bob" }, { age: 30 }] }, true],
    [{ $and: [{ login: "bob" }, { age: 31 }] }, false],
    [{ $or: [{ login: "alice" }, { roles: "support" }] }, true],
    [{ $or: [{ login: "alice" }, { roles: "admin" }] }, false],
    [{ $nor: [{ login: "alice" }, { roles: "admin" }] }, true],
    [{ $nor: [{ login: "alice" }, { roles: "editor" }] }, false],
    [{ login: "bob", $or: [{ age: 1 }, { $and: [{ age: 30 }] }] }, true],

    [{ toString: "x" }, false],
    [{ hasOwnProperty: { $exists: true } }, false],
    [{ "login.length": 3 }, false],
    [{ "roles.length": 2 }, false],
    [{ "roles.0": "editor" }, false],
  ])("%j reaches bob: %s", (matcher, isReached) => {
    expect(compileMatcher(matcher)(bob)).toBe(isReached);
  });

  it.each<[string, unknown, string]>([
    ["an empty matcher", {}, "at least one condition"],
    ["undefined", undefined, "a plain object"],
    ["null", null, "a plain object"],
    ["a string", "admin", "a plain object"],
    ["an array", [{ a: 1 }], "a plain object"],
    ["a Map", new Map([["a", 1]]), "a plain object"],
    ["a value that is undefined", { profile: undefined }, "holds at profile undefined"],
    ["a function", { profile: () => true }, "holds at profile a function"],
    ["a symbol", { profile: Symbol("x") }, "a symbol"],
    ["a symbol as name", { [Symbol("x")]: 1, a: 1 }, "names that are strings"],
    ["BigInt", { id: 1n }, "1n"],
    ["NaN", { id: NaN }, "NaN"],
    ["Infinity", { id: { $lt: Infinity } }, "Infinity"],
    ["a date", { born: new Date(0) }, "toISOString"],
    ["a RegExp", { login: /b/ }, "an object (RegExp)"],
    ["a nested object", { team: { id: 7 } }, '"team.id"'],
    ["an array as value", { roles: ["a"] }, "$in"],
    ["no operators", { age: {} }, "a value or operators"],
    ["operators beside fields", { age: { $gt: 1, id: 2 } }, '"age.id"'],
    ["an unknown operator", { age: { $foo: 1 } }, "$eq $ne $in"],
    ["$where", { $where: "true" }, "$and $or $nor"],
    ["$where under a field", { a: { $where: () => true } }, "$eq $ne $in"],
    ["$regex", { a: { $regex: "x" } }, "$eq $ne $in"],
    ["a field operator at the top", { $gt: 1 }, "$and $or $nor"],
    ["an operator of the prototype", { a: { $__proto__: 1 } }, "$eq $ne $in"],
    ["an empty $in", { a: { $in: [] } }, "not empty"],
    ["an empty $nin", { a: { $nin: [] } }, "not empty"],
    ["an empty $all", { a: { $all: [] } }, "not empty"],
    ["$in without a list", { a: { $in: "x" } }, "an array of values"],
    ["an object in $in", { a: { $in: [{ b: 1 }] } }, "a.$in[0]"],
    ["a hole in $in", { a: { $in: new Array(1) } }, "a.$in[0]"],
    ["$gt with a boolean", { a: { $gt: true } }, "a string or a finite number"],
    ["$gt with null", { a: { $gt: null } }, "a string or a finite number"],
    ["$exists with 1", { a: { $exists: 1 } }, "true or false"],
    ["$size with -1", { a: { $size: -1 } }, "a whole number"],
    ["$not with a value", { a: { $not: 1 } }, "an object of operators"],
    ["$not with nothing", { a: { $not: {} } }, "a value or operators"],
    ["an empty $or", { $or: [] }, "not empty"],
    ["$or without a list", { $or: { a: 1 } }, "an array of matchers"],
    ["an empty matcher in $or", { $or: [{ a: 1 }, {}] }, "$or[1]"],
    ["a hole in $or", { $or: new Array(1) }, "$or[0]"],
    ["__proto__", JSON.parse('{"__proto__":1}'), "without __proto__"],
    ["__proto__ in a path", { "a.__proto__.b": 1 }, "without __proto__"],
    ["constructor", { constructor: "x" }, "without __proto__"],
    ["prototype", { "a.prototype": 1 }, "without __proto__"],
    ["an empty name", { "": 1 }, "a path of field names"],
    ["an empty part of a path", { "a..b": 1 }, "a path of field names"],
  ])("refuses %s, and says what would be right [filter-2]", (_what, matcher, why) => {
    expect(() => compileMatcher(matcher)).toThrow(
      expect.objectContaining({
        name: "SseHubTypeError",
        code: "ERR_SSE_FILTER",
        message: expect.stringContaining(why),
      }),
    );
  });

  it.each<[string, (inner: object) => object]>([
    ["lists", (inner) => ({ $and: [inner] })],
    ["$not", (inner) => ({ a: { $not: (inner as { a?: object }).a ?? { $gt: 1 } } })],
    ["dots", (inner) => ({ [`a.${Object.keys(inner).join(".")}`]: 1 })],
  ])("refuses what is nested in %s without end, in a short message", (_what, wrap) => {
    const nest = (depth: number) => {
      let matcher: object = { a: { $gt: 1 } };
      for (let level = 0; level < depth; level += 1) matcher = wrap(matcher);
      return matcher;
    };
    expect(compileMatcher(nest(31))(bob)).toBe(false);
    for (const depth of [40, 20_000]) {
      let thrown: unknown;
      try {
        compileMatcher(nest(depth));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({
        code: "ERR_SSE_FILTER",
        message: expect.stringMatching(/^[^]{0,300}Expected at most 32 levels\.$/),
      });
    }
  });

  it("copies what it is given", () => {
    const logins = ["alice"];
    const matcher = { login: { $in: logins } };
    const test = compileMatcher(matcher);
    logins.push("bob");
    matcher.login.$in = ["bob"];
    expect(test(bob)).toBe(false);
  });

  it("takes an object of another realm and one without prototype", () => {
    const bare = Object.assign(Object.create(null) as object, { login: "bob" });
    expect(compileMatcher(bare)(bob)).toBe(true);
  });
});
