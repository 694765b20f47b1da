interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  requestBody?: { content: Record<string, unknown> };
  responses?: Record<string, { description: string }>;
}
interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, unknown> };
}

/** A page of the OpenAPI document that needs no script and nothing from elsewhere, so it works offline and under any policy. */
export function renderDocsPage(value: object): string {
  const { info, paths, components } = value as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(method, path, operation)),
  );
  const schemas = Object.entries(components?.schemas ?? {}).map(([name, schema]) =>
    details(`<code>${escape(name)}</code>`, pre(schema), `schema-${name}`),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(info.title)} API</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.35rem 0}details{border-bottom:1px solid #8884}details>div{padding:0 0 1rem 1rem}
pre{overflow:auto;background:#8881;padding:.75rem;border-radius:.4rem;font-size:.85rem}b{display:inline-block;min-width:4.5rem}
</style></head><body><h1>${escape(info.title)} API ${escape(info.version)}</h1><p>${escape(info.description ?? "")}</p>
<p>Machine-readable: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>
<h2>Routes</h2>${operations.join("\n")}<h2>Shapes</h2>${schemas.join("\n")}</body></html>`;
}

function renderOperation(method: string, path: string, { summary = "", ...operation }: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (one) =>
      `<li><code>${escape(one.name)}</code> (${one.in}${one.required ? ", required" : ""}) ${escape(one.description ?? "")}</li>`,
  );
  const bodies = Object.entries(operation.requestBody?.content ?? {}).map(
    ([type, body]) => `<p>Body <code>${escape(type)}</code></p>${pre(body)}`,
  );
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, { description }]) => `<li><b>${status}</b> ${escape(description)}</li>`,
  );
  const inner = `<ul>${parameters.join("")}</ul>${bodies.join("")}<p>Answers</p><ul>${answers.join("")}</ul>`;
  return details(`<b>${method.toUpperCase()}</b> <code>${escape(path)}</code> ${escape(summary)}`, inner);
}

const details = (title: string, inner: string, id = "") =>
  `<details${id === "" ? "" : ` id="${escape(id)}"`}><summary>${title}</summary><div>${inner}</div></details>`;
const pre = (value: unknown) => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;
const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
