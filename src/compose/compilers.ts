/** What the compilers of V8 are told once the server listens. Called by compose.ts; it concerns the whole process. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 compiles a function well after 400 calls and very well after 3000, for pages whose loops reach that in a blink.
 * Most of a sign-in's functions are called once or twice for each: it would take the first thousands of sign-ins after
 * every start, at a tenth to a fifth more processor time for each.
 */
export function compileEarly(): void {
  setFlagsFromString("--invocation-count-for-maglev=50");
  setFlagsFromString("--invocation-count-for-turbofan=300");
}
