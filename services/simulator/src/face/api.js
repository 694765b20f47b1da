/** Where the control API is, seen from this page: at the root of the simulator, or behind the `/sim` of a proxy. */
export const api = location.pathname.endsWith("/sim/face/") ? "../v1" : "sim/v1";

/** Calls the control API; throws an Error whose message is what the API said. */
export async function call(method, path, body) {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  if (response.ok) return answer;
  const errors = (answer?.errors ?? []).map(({ at, message }) => `${at}: ${message}`);
  throw new Error([answer?.detail ?? response.statusText, ...errors].join(" "));
}

/** Gives every line of an NDJSON stream to `hear`, for good: a stream that breaks is opened again. */
export async function follow(path, hear, lost) {
  for (;;) {
    try {
      const response = await fetch(`${api}${path}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + part.value).split("\n");
        rest = lines.pop();
        for (const line of lines) if (line !== "") hear(JSON.parse(line));
      }
    } catch {
      // The same as an end: the simulator was stopped, or the machine slept.
    }
    lost();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** An element with properties and children; text is never read as markup. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Replaces the children only when something differs, so that focus and scrolling stay where they are. */
export function show(parent, state, children) {
  const now = JSON.stringify(state);
  if (parent.dataset.state === now) return false;
  parent.dataset.state = now;
  parent.replaceChildren(...children());
  return true;
}
