// One message of a server: as much as an artefact keeps. A larger one is not read to its end.

export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

export function tooLargeText(): string {
  return `it sent a message of more than ${MESSAGE_BYTES_MAX / 1024 / 1024} MiB`;
}
