// SPDX-License-Identifier: Apache-2.0

/** The fields that a value of JSON has at least, with their types. A list has one shape. */
export type Shape = "string" | "number" | "boolean" | "any" | readonly [Shape] | { readonly [field: string]: Shape };

/** Returns what a value lacks of a shape, undefined if it lacks nothing. */
export function lacks(value: unknown, shape: Shape, name = "it"): string | undefined {
  if (shape === "any") return undefined;
  if (typeof shape === "string") return typeof value === shape ? undefined : `${name} is not a ${shape}`;
  if (isList(shape)) {
    if (!Array.isArray(value)) return `${name} is not a list`;
    return first(value, (v, i) => lacks(v, shape[0], `${name}[${i}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${name} is not an object`;
  const fields = value as Record<string, unknown>;
  return first(Object.entries(shape), ([field, s]) => lacks(fields[field], s, name === "it" ? field : `${name}.${field}`));
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

function first<T>(list: T[], find: (t: T, i: number) => string | undefined): string | undefined {
  for (const [i, t] of list.entries()) {
    const found = find(t, i);
    if (found !== undefined) return found;
  }
  return undefined;
}
