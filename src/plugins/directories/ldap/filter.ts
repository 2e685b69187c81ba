/**
 * Filters with what people typed in them (RFC 4515). The template is parsed once, and what was typed becomes a value of
 * the parsed filter: it never goes through a parser, so nothing in it can be an operator (security requirement P16).
 */
import { AndFilter, EqualityFilter, type Filter, FilterParser, NotFilter, OrFilter } from "ldapts";

const PLACE = "{username}";

/** A filter with a place for the username, and the attributes that are compared with it. */
export interface NameFilter {
  readonly attributes: readonly string[];
  of(username: string): Filter;
}

/** Throws for text that is no filter; the schema has looked before. */
export function nameFilter(template: string): NameFilter {
  const parsed = FilterParser.parseString(template);
  const attributes = new Set<string>();
  fill(parsed, (attribute) => {
    attributes.add(attribute);
    return "";
  });
  return { attributes: [...attributes], of: (username) => fill(parsed, () => username) };
}

function fill(filter: Filter, valueFor: (attribute: string) => string): Filter {
  if (filter instanceof AndFilter)
    return new AndFilter({ filters: filter.filters.map((one) => fill(one, valueFor)) });
  if (filter instanceof OrFilter)
    return new OrFilter({ filters: filter.filters.map((one) => fill(one, valueFor)) });
  if (filter instanceof NotFilter) return new NotFilter({ filter: fill(filter.filter, valueFor) });
  if (filter instanceof EqualityFilter && filter.value === PLACE)
    return new EqualityFilter({ attribute: filter.attribute, value: valueFor(filter.attribute) });
  return filter;
}

/** Both hold. */
export const both = (...filters: readonly Filter[]): Filter => new AndFilter({ filters: [...filters] });
