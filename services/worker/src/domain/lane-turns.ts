/** Whose turn it is among a session's lanes: the lane that is being served and what is left of its turn. */
export interface TurnState {
  lane: number | null;
  deficit: number;
}

export const firstTurn: TurnState = { lane: null, deficit: 0 };

/**
 * Deficit round robin where every message costs one: a lane sends `weight` messages, then the next lane that has some is
 * served. `ready` are the lanes that could send now, in any order; one that is not ready loses the rest of its turn.
 * Null when none is ready.
 */
export function nextTurn(
  state: TurnState,
  ready: readonly { lane: number; weight: number }[],
): { lane: number; state: TurnState } | null {
  const serving = ready.find(({ lane }) => lane === state.lane);
  if (serving !== undefined && state.deficit >= 1)
    return { lane: serving.lane, state: { lane: serving.lane, deficit: state.deficit - 1 } };
  const inOrder = ready.toSorted((a, b) => a.lane - b.lane);
  const next = inOrder.find(({ lane }) => lane > (state.lane ?? -1)) ?? inOrder[0];
  if (next === undefined) return null;
  return { lane: next.lane, state: { lane: next.lane, deficit: Math.max(1, next.weight) - 1 } };
}
