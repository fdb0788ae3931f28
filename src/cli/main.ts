// The `pawl` process. It looks first whether it has the room to load itself, so that little is loaded before.

import { complaintOf, sentenceOf } from "../domain/complaint.ts";
import { leave } from "../process/leave.ts";
import { refuseTightRoom } from "../process/room.ts";

try {
  refuseTightRoom();
  const { runAsProcess } = await import("./as-process.ts");
  await runAsProcess();
} catch (error) {
  const complaint = complaintOf(error);
  leave(complaint.exitCode, `${sentenceOf(complaint)}\n`);
}
