/** `node --test badge.test.ts`: the suite that every script passes. */
import { scriptContract } from "sallyport/contracts";
import * as badge from "./badge.ts";

scriptContract("badge", badge);
