/** A bounded number of things at a time, admitted first come, first served. */
export interface Slots {
  /** Resolves with the function that gives the slot back; calling it twice does nothing. */
  acquire(): Promise<() => void>;
}

/** Fairness between the sessions of a process rests on the order: each waits behind everybody's one, not somebody's all. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const release = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  const once = () => {
    let given = false;
    return () => {
      if (!given) release();
      given = true;
    };
  };
  return {
    async acquire() {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return once();
    },
  };
}
