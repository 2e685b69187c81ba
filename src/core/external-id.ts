/**
 * What a provisioning client calls a person (SCIM's `externalId`, RFC 7643 §3.1). It means something together with its
 * client alone: two clients may both have a "1001", and by one's number nobody may find or change the other's person.
 */

/** A person has one at most: of the client that named them last. For its id `isExternalId` holds. */
export interface ExternalId {
  /** The client's id. */
  readonly client: string;
  /** Compared by the letter (`caseExact`). */
  readonly id: string;
}

/** 300 characters: with its client it has to fit into an entry of PostgreSQL's index. */
const LONGEST = 300;

/** Whether it can be kept: PostgreSQL knows no NUL, and half a character would come back as another one. */
export const isExternalId = (text: string): boolean =>
  text !== "" && text.length <= LONGEST && !text.includes("\0") && text.isWellFormed();
