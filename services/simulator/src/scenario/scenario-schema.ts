import { z } from "zod";
import { endings } from "../endings.ts";
import { faultSchema } from "../fault-schema.ts";
import { limitsSchema } from "../limits.ts";
import { behaviourRuleSchema } from "../people/behaviour-rules.ts";

const MAX_DURATION_MS = 7 * 24 * 3_600_000;
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A time span: milliseconds as a number, or `1500ms`, `1.5s`, `2m`, `1h`. Up to seven days. */
const duration = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, "must be milliseconds, or a time like 1500ms, 1.5s, 2m or 1h")
      .transform((text) => Number.parseFloat(text) * UNITS[text.replace(/[\d.]+/, "") as keyof typeof UNITS]),
  ])
  .pipe(z.number().min(0, "must not be negative").max(MAX_DURATION_MS, "must not be longer than seven days"));

const number = z.string().regex(/^[1-9]\d{6,14}$/, "must be an international number in quotes, digits only");
const when = {
  at: duration.describe("After the start of the scenario."),
  repeat: z
    .strictObject({ times: z.int().min(1).max(100_000), every: duration })
    .optional()
    .describe("Does the step so many times in all."),
};
const lasting = { for: duration.optional().describe("Ends after this time; absent: at the next reset.") };

const step = z.discriminatedUnion("do", [
  z.strictObject({ ...when, ...lasting, do: z.literal("people"), ...behaviourRuleSchema.shape }),
  z.strictObject({ ...when, ...lasting, do: z.literal("fault"), fault: faultSchema }),
  z.strictObject({
    ...when,
    do: z.literal("end_links"),
    ending: z.enum(endings),
    code: z.int().min(400).max(599).optional(),
    expire_s: z.int().min(1).optional(),
    phones: z.array(number).optional(),
    prefix: z.string().regex(/^\d+$/, "digits").optional(),
    share: z.number().min(0).max(1).default(1),
  }),
  z.strictObject({
    ...when,
    do: z.literal("write"),
    from: number,
    to: number,
    text: z.string().min(1).max(4096).describe("{n} stands for the count of repetitions, from 1."),
  }),
  z.strictObject({ ...when, do: z.literal("change_lid"), phone: number }),
  z.strictObject({ ...when, do: z.literal("forget_sessions"), phone: number }),
  z.strictObject({ ...when, do: z.literal("limits"), phone: number, limits: limitsSchema }),
  z.strictObject({ ...when, do: z.literal("unlink"), phone: number, device: z.int().min(1).max(99) }),
]);

/** People and faults over time. */
export const scenarioSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9_-]{1,60}$/, "small letters, digits, _ and -"),
    about: z.string().max(2000).optional(),
    seed: z.int().min(0).default(1).describe("The same seed gives the same choices."),
    steps: z.array(step).min(1).max(1000),
  })
  .meta({ id: "Scenario" });

/** See the schema. */
export type Scenario = z.infer<typeof scenarioSchema>;

/** One thing that happens at one time, or repeatedly. */
export type ScenarioStep = Scenario["steps"][number];
