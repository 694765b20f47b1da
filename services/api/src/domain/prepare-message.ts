import { MessageCreate, supportedContentTypes } from "@flotilla/shared/contract/http-messages";
import type { FieldError } from "@flotilla/shared/contract/problem";
import { tryParseAddress } from "@flotilla/shared/domain/address";
import type { WhatsAppAddress } from "@flotilla/shared/domain/address";
import { fieldErrorsOf } from "./field-errors.ts";

export interface PreparedMessage {
  body: MessageCreate;
  address: WhatsAppAddress;
  text: string;
}

/** Whether a value asks for a kind of content that exists but that we cannot send yet: said before anything else. */
export function unsupportedContent(value: unknown, pointer: string): FieldError[] {
  const type = value !== null && typeof value === "object" && "type" in value ? value.type : undefined;
  const known = MessageCreate.shape.type.safeParse(type);
  if (!known.success || supportedContentTypes.includes(known.data)) return [];
  return [
    {
      pointer: `${pointer}/type`,
      code: "unsupported_content",
      message: `${known.data} cannot be sent yet: only ${supportedContentTypes.join(", ")}`,
    },
  ];
}

/** Checks one message of a request; every mistake is listed under `root`. */
export function prepareMessage(value: unknown, root = ""): { ok: PreparedMessage } | { errors: FieldError[] } {
  const unsupported = unsupportedContent(value, root);
  if (unsupported.length > 0) return { errors: unsupported };
  const parsed = MessageCreate.safeParse(value);
  if (!parsed.success) return { errors: fieldErrorsOf(parsed.error, root) };
  const body = parsed.data;
  const errors: FieldError[] = [];
  const address = tryParseAddress(body.to);
  if (address === null)
    errors.push({ pointer: `${root}/to`, code: "invalid_address", message: explainAddress(body.to) });
  if (body.text === undefined)
    errors.push({ pointer: `${root}/text`, code: "required", message: "A message of type text needs text.body" });
  if (body.category === "marketing")
    errors.push({
      pointer: `${root}/category`,
      code: "unsupported_content",
      message: "Marketing needs the consent ledger, which is not built yet",
    });
  if (errors.length > 0 || address === null || body.text === undefined) return { errors };
  return { ok: { body, address, text: body.text.body } };
}

/** Why an address was not understood, in words. */
export function explainAddress(input: string): string {
  if (/@(g\.us|newsletter|broadcast)$/.test(input.trim())) return "Groups, channels and lists cannot be written to yet";
  return "Give a number with country code, 7 to 15 digits such as +5511999990001, or a JID of a person";
}
