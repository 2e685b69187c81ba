/** The original's way to write a time: UTC without saying so, in whole seconds (`2022-10-27T22:45:48`). */
export const originalTime = (at: number): string => new Date(at).toISOString().slice(0, 19);
