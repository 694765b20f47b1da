import { z } from "zod";
import type { Group } from "./group.ts";

const groupRecord = z.object({
  id: z.string(),
  creator: z.string(),
  createdAt: z.number(),
  subject: z.string(),
  subjectBy: z.string(),
  subjectAt: z.number(),
  description: z.object({ id: z.string(), body: z.string(), by: z.string(), at: z.number() }).optional(),
  participants: z.array(z.tuple([z.string(), z.enum(["member", "admin", "superadmin"])])),
  announce: z.boolean(),
  locked: z.boolean(),
  membersAdd: z.boolean(),
  joinApproval: z.boolean(),
  requests: z.array(z.tuple([z.string(), z.number()])).default([]),
  ephemeral: z.number().optional(),
  picture: z.string().optional(),
  inviteCode: z.string(),
});

/** One line of text that holds a group. */
export function writeGroup(group: Group): string {
  return JSON.stringify({ ...group, participants: [...group.participants], requests: [...group.requests] });
}

/** Takes a group back from its line. Throws when the line is not one. */
export function readGroup(line: string): Group {
  const record = groupRecord.parse(JSON.parse(line));
  const { description, ephemeral, picture } = record;
  const [participants, requests] = [new Map(record.participants), new Map(record.requests)];
  return { ...record, description, ephemeral, picture, participants, requests };
}
