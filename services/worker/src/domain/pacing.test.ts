import { expect, test } from "vitest";
import { minuteOfPace, pacingAfterSend, pacingProfiles, pacingWaitMs, type PacingProfile } from "./pacing.ts";

const profile: PacingProfile = { perMinute: 60, burst: 3 };

/** Sends as soon as allowed and returns when each of `count` messages left. */
function leaveTimes(count: number, from: number, tat = 0): number[] {
  const times: number[] = [];
  let now = from;
  for (let sent = 0; sent < count; sent++) {
    now += pacingWaitMs(tat, now, profile);
    times.push(now);
    tat = pacingAfterSend(tat, now, profile);
  }
  return times;
}

test("a quiet session may send its burst at once and then one for each interval", () => {
  expect(leaveTimes(6, 10_000)).toEqual([10_000, 10_000, 10_000, 11_000, 12_000, 13_000]);
});

test("an owner that starts from the saved time grants no second burst", () => {
  let tat = 0;
  for (let sent = 0; sent < 3; sent++) tat = pacingAfterSend(tat, 10_000, profile);
  expect(leaveTimes(2, 10_100, tat)).toEqual([11_000, 12_000]);
});

test("however the messages come, no window of a minute holds more than the rate and one burst", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let now = 0;
  let tat = 0;
  const times: number[] = [];
  for (let sent = 0; sent < 2_000; sent++) {
    now += random() < 0.05 ? random() * 20_000 : 0;
    now += pacingWaitMs(tat, now, profile);
    times.push(now);
    tat = pacingAfterSend(tat, now, profile);
  }
  for (const [first, time] of times.entries()) {
    const inWindow = times.slice(first).filter((other) => other < time + 60_000).length;
    expect(inWindow).toBeLessThanOrEqual(profile.perMinute + profile.burst);
  }
});

test("a window of rows is a minute of the pace and never above 2,000", () => {
  expect(minuteOfPace(pacingProfiles.whatsapp)).toBe(20);
  expect(minuteOfPace(pacingProfiles.simulated)).toBe(2_000);
});
