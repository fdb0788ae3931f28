// Where a test lets a process die at an exact moment: `PAWL_FAILPOINT=name[:nth[:signal]]` sends the
// signal (SIGKILL) to this process when it passes the named point for the nth (first) time.
// Not a setting for users, so it is no part of the Config; where it is not set, a point does nothing.

type Failpoint =
  | "call_model.before_settle"
  | "call_model.after_settle"
  | "run_tool.before_answer"
  | "batch_lane.before_create"
  | "batch_lane.after_create";

const [armed = "", nth = "1", signal = "SIGKILL"] = (process.env["PAWL_FAILPOINT"] ?? "").split(
  ":",
);
let passesLeft = Number(nth);

export function failpoint(name: Failpoint): void {
  if (name !== armed) return;
  passesLeft -= 1;
  if (passesLeft === 0) process.kill(process.pid, signal);
}
