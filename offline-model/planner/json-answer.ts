// An answer in the shape that `output_config.format` asks for: fields filled with the answer's text
// and its numbers, in the order of the schema.

export function jsonAnswer(schema: Readonly<Record<string, unknown>>, answer: string): string {
  const numbers = (answer.match(/-?\d[\d,]*(?:\.\d+)?/g) ?? []).map((digits) =>
    Number(digits.replaceAll(",", "")),
  );
  // The result comes last in a sentence, behind what it was worked out from.
  return JSON.stringify(fill(schema, { answer, numbers: numbers.toReversed() }));
}

interface Material {
  readonly answer: string;
  readonly numbers: number[];
}

function fill(schema: unknown, material: Material): unknown {
  if (typeof schema !== "object" || schema === null) return material.answer;
  const { type, properties, items, ...rest } = { type: "", properties: {}, items: {}, ...schema };
  if ("enum" in rest && Array.isArray(rest.enum)) return rest.enum[0];
  if ("const" in rest) return rest.const;
  switch (type) {
    case "object":
      return Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, fill(property, material)]),
      );
    case "array":
      return [fill(items, material)];
    case "number":
      return material.numbers.shift() ?? 0;
    case "integer":
      return Math.round(material.numbers.shift() ?? 0);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return material.answer;
  }
}
