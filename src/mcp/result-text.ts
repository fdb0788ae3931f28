// What a model is shown of a result: its texts as they are, and of all else what it is. Pictures, sounds and files
// are named with their kind and size, since a result is text here; what a link leads to is not fetched.

import type { CallToolResult } from "@modelcontextprotocol/client";

type Block = CallToolResult["content"][number];

export function resultText({ content, structuredContent }: CallToolResult): string {
  const parts = content.map((block) => blockText(block));
  const hasText = content.some((block) => block.type === "text");
  if (structuredContent !== undefined && !hasText) parts.push(JSON.stringify(structuredContent));
  return parts.join("\n");
}

function blockText(block: Block): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type} ${block.mimeType}, ${sizeOf(block.data)}: not shown]`;
    case "resource_link":
      return `[link to a resource: ${[block.name, block.uri, block.mimeType, block.description].filter((it) => it !== undefined).join(", ")}]`;
    case "resource": {
      const { resource } = block;
      const { uri, mimeType } = resource;
      const what = [uri, mimeType].filter((it) => it !== undefined).join(", ");
      if ("text" in resource) return `[resource ${what}]\n${resource.text}`;
      return `[resource ${what}, ${sizeOf(resource.blob)}: not shown]`;
    }
    default:
      return "[something of a kind that is not known here]";
  }
}

/** Of base64. */
function sizeOf(data: string): string {
  const padding = /={0,2}$/.exec(data)?.[0].length ?? 0;
  return `${Math.floor((data.length * 3) / 4) - padding} bytes`;
}
