import type { User } from "../user/user.js";

/** What a field of a matcher is compared with. */
export type Scalar = string | number | boolean | null;

/** The operators a field of a {@link Matcher} may carry, for a field whose members are `V`. */
export interface Operators<V = Scalar> {
  /** One member equals it. */
  $eq?: V;
  /** The field exists and no member equals it. */
  $ne?: V;
  /** One member is in the list. */
  $in?: readonly V[];
  /** The field exists and no member is in the list. */
  $nin?: readonly V[];
  /** One member is of the same type (number or string) and greater. */
  $gt?: V & (string | number);
  /** One member is of the same type (number or string) and greater or equal. */
  $gte?: V & (string | number);
  /** One member is of the same type (number or string) and less. */
  $lt?: V & (string | number);
  /** One member is of the same type (number or string) and less or equal. */
  $lte?: V & (string | number);
  /** The field exists, or does not. */
  $exists?: boolean;
  /** Every value of the list is a member. */
  $all?: readonly V[];
  /** The field is an array of this length. */
  $size?: number;
  /** The field exists and these operators do not hold. */
  $not?: Operators<V>;
}

/**
 * Who is meant, as plain data in MongoDB's query syntax over the user: dotted paths, arrays seen as
 * their members, all conditions must hold.
 *
 * ```ts
 * { profile: "Administrator" }
 * { "team.id": { $in: [3, 4] }, age: { $gte: 18 } }
 * { $or: [{ profile: "Administrator" }, { roles: "support" }] }
 * ```
 *
 * It fails closed where MongoDB does not: a comparison needs both sides of one type, `$ne`, `$nin`
 * and `$not` need the field to exist, and a connection without a user is never reached.
 */
export type Matcher = Fields<User> & {
  $and?: readonly Matcher[];
  $or?: readonly Matcher[];
  $nor?: readonly Matcher[];
};

type Fields<U> = string extends keyof U
  ? { readonly [path: string]: unknown }
  : { [P in Path<U>]?: Condition<Extract<MembersAt<U, P>, Scalar>> };

type Condition<V> = [V] extends [never] ? Operators<never> : V | Operators<V>;

/** Dotted paths through objects and the members of arrays, five fields deep. */
type Path<T, Depth extends readonly unknown[] = []> = Depth["length"] extends 5
  ? never
  : T extends Scalar | undefined
    ? never
    : T extends readonly (infer Item)[]
      ? Path<Item, Depth>
      : {
          [K in keyof T & string]: K | `${K}.${Path<T[K], readonly [...Depth, 1]>}`;
        }[keyof T & string];

type MembersAt<T, P extends string> = T extends readonly (infer Item)[]
  ? MembersAt<Item, P>
  : P extends keyof T
    ? Members<T[P]>
    : P extends `${infer K}.${infer Rest}`
      ? K extends keyof T
        ? MembersAt<NonNullable<T[K]>, Rest>
        : never
      : never;

type Members<V> = V extends readonly (infer Item)[] ? Item : V;
