import { AsyncLocalStorage } from "node:async_hooks";

/** What Baileys 7.0.0-rc14 keeps in the async context of a key transaction (`addTransactionCapability`). */
function isKeyTransaction(store: unknown): store is object {
  return typeof store === "object" && store !== null && "mutations" in store && "dbQueries" in store;
}

let installed = false;

/**
 * Ends a key transaction for everybody when its work has settled. The library starts detached work inside a transaction
 * (the privacy token after a send); that work still sees the finished transaction, writes into it, and its rows are lost.
 * Other async contexts are untouched. Works on every `AsyncLocalStorage`; installing twice changes nothing.
 *
 * Must run before Baileys is imported.
 */
export function installKeyTransactionCure(): void {
  if (installed) return;
  installed = true;
  const settled = new WeakSet<object>();
  // oxlint-disable-next-line typescript/unbound-method -- called with the right `this` below
  const { run, getStore } = AsyncLocalStorage.prototype;

  AsyncLocalStorage.prototype.run = function curedRun<R, Args extends unknown[]>(
    this: AsyncLocalStorage<unknown>,
    store: unknown,
    work: (...args: Args) => R,
    ...args: Args
  ): R {
    const result = run.call(this, store, work as (...args: unknown[]) => unknown, ...args) as R;
    if (isKeyTransaction(store)) {
      if (result instanceof Promise) {
        const end = () => void settled.add(store);
        result.then(end, end);
      } else settled.add(store);
    }
    return result;
  };
  AsyncLocalStorage.prototype.getStore = function curedGetStore(this: AsyncLocalStorage<unknown>): unknown {
    const store = getStore.call(this) as unknown;
    return typeof store === "object" && store !== null && settled.has(store) ? undefined : store;
  };
}
