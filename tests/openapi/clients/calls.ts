// Checked by tsc, never run: what a program in TypeScript may send and read, and what it may not.

import type { components, paths } from "./schema";
import { enqueuePipeItem, getConfig, getNightLog, setPipeStatus, upload } from "./sdk";

type Body<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody: { content: { "application/json": infer Sent } } };
}
  ? Sent
  : never;

export const status: Body<"/pipe/status"> = { pipe_id: "pipe-1", status: "busy", details: { free_gb: 812.5 } };

// @ts-expect-error a status without the machine that it is of
export const nobody: Body<"/pipe/status"> = { status: "busy" };

// @ts-expect-error there is no fourth channel
export const channel: Body<"/upload"> = { object_name: "mrc1-a-EX10.jpg", info_channel: 4 };

export function observer(note: components["schemas"]["NightNote"]): unknown {
  return typeof note.note_data === "string" ? note.note_data : note.note_data.username;
}

export async function night(): Promise<string | undefined> {
  await setPipeStatus({ body: { pipe_id: "pipe-1", status: "idle", details: { queue: "focus", jobs: [1, 2] } } });
  // @ts-expect-error details are an object
  await setPipeStatus({ body: { pipe_id: "pipe-1", status: "idle", details: "none" } });
  await enqueuePipeItem({ body: { queue_name: "focus", payload: { site: "mrc1" } } });
  const form = await upload({ body: { object_name: "mrc1-a-EX10.jpg", s3_directory: "info-images", info_channel: 2 } });
  // @ts-expect-error no such directory
  await upload({ body: { object_name: "mrc1-a-EX10.jpg", s3_directory: "downloads" } });
  const config = await getConfig({ path: { site: "mrc1" } });
  const latitude: unknown = config.data?.configuration.latitude;
  const note = await getNightLog({ path: { site: "mrc1" } });
  return note.data ? `${latitude} ${form.data?.url}` : undefined;
}
