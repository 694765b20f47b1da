import { z } from "zod";
import type { Network } from "../network.ts";
import { personContent } from "../people/person-content.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { chatAddress, phoneNumber } from "./views.ts";

const byPhone = z.strictObject({ phone: phoneNumber });
const chatMessage = z.object({
  id: z.string(),
  chat: z.string(),
  author: z.string(),
  from_me: z.boolean(),
  kind: z.string(),
  text: z.string().nullable(),
  at: z.string(),
  status: z.enum(["sent", "delivered", "read"]),
  details: z
    .looseObject({})
    .optional()
    .describe("Quote, mentions, file, location, options, …; as far as there are any."),
  edited: z.boolean().optional(),
  deleted: z.boolean().optional(),
  reactions: z.record(z.string(), z.string()).optional(),
  votes: z.record(z.string(), z.array(z.string())).optional(),
});
const chatView = z.object({ chat: z.string(), messages: z.int(), unread: z.int(), last: chatMessage });
const address = { to: chatAddress };
/** Without `type` it is a text. */
const message = z.union([
  z.strictObject({ ...address, text: z.string().min(1).max(65_536) }),
  z.looseObject({ ...address, type: z.string() }),
]);

/** Chats of phones: what people write and read, and what their phones show. */
export function chatRoutes(network: Network): Route[] {
  return [
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/messages",
      summary: "The person writes to a number, a group or the status feed",
      status: 201,
      params: byPhone,
      body: message,
      response: z.object({ id: z.string() }),
      handle: async ({ params, body }) => {
        const { to, ...rest } = body;
        const content = personContent.safeParse("type" in rest ? rest : { type: "text", ...rest });
        if (!content.success) {
          const errors = content.error.issues.map(({ path, message: says }) => ({
            at: ["body", ...path.map(String)].join("."),
            message: says,
          }));
          throw new Problem(422, "invalid_request", "The request does not fit the schema.", errors);
        }
        return { id: await network.accounts.get(params.phone).phone.write(to, content.data) };
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/read",
      summary: "The person opens a chat and reads it",
      params: byPhone,
      body: z.strictObject({ chat: chatAddress }),
      response: z.object({ read: z.int() }),
      handle: ({ params, body }) => {
        const account = network.accounts.tryGet(params.phone);
        if (!account) throw new Problem(404, "not_found", `Nobody has met the number ${params.phone} yet.`);
        return { read: account.phone.read(body.chat) };
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/phones/:phone/chats",
      summary: "Chat list of the phone, newest first",
      params: byPhone,
      response: z.object({ chats: z.array(chatView) }),
      handle: ({ params }) => ({ chats: network.chats.chats(params.phone) }),
    }),
    route({
      method: "get",
      path: "/sim/v1/phones/:phone/messages",
      summary: "What the phone shows, oldest first",
      params: byPhone,
      query: z.strictObject({
        chat: chatAddress.optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
      }),
      response: z.object({ messages: z.array(chatMessage) }),
      handle: ({ params, query }) => ({ messages: network.chats.messages(params.phone, query) }),
    }),
  ];
}
