import type { User } from "../user/user.js";

/** A value that a field can be compared with. */
export type Scalar = string | number | boolean | null;

/**
 * The operators for a field of a {@link Matcher} whose members have type `V`. A field that is not an array has one
 * member, its value.
 */
export interface Operators<V = Scalar> {
  /** One member equals the value. */
  $eq?: V;
  /** The field exists and no member equals the value. */
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
  /** `true`: the field exists. `false`: it does not. */
  $exists?: boolean;
  /** Every value of the list is a member. */
  $all?: readonly V[];
  /** The field is an array of this length. */
  $size?: number;
  /** The field exists and these operators do not hold. */
  $not?: Operators<V>;
}

/**
 * The users that an event is for, as plain data in MongoDB's query syntax. A path may be dotted, an array counts as
 * its members, and all conditions must hold.
 *
 * ```ts
 * { profile: "Administrator" }
 * { "team.id": { $in: [3, 4] }, age: { $gte: 18 } }
 * { $or: [{ profile: "Administrator" }, { roles: "support" }] }
 * ```
 *
 * Unlike MongoDB it fails closed: a comparison needs two values of the same type, `$ne`, `$nin` and `$not` need the
 * field to exist, and a connection without a user never matches.
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
