import { formatLogLine, type LogStyle } from "./log-line.ts";

/** How lines are shown here: JSON in production, colors on a terminal unless `NO_COLOR` is set. */
export function logStyleOf(environment: NodeJS.ProcessEnv, isTerminal: boolean): LogStyle {
  return {
    form: environment["NODE_ENV"] === "production" ? "json" : "readable",
    color: isTerminal && !environment["NO_COLOR"],
  };
}

/** A function that prints sentences of the launcher like the lines of a service. */
export function sayIn(style: LogStyle): (sentence: string) => void {
  return (sentence) => {
    const line =
      style.form === "json"
        ? JSON.stringify({ level: 30, time: Date.now(), service: "flotilla", msg: sentence })
        : sentence;
    console.log(formatLogLine("flotilla", line, style));
  };
}
