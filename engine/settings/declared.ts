import manifest from "../../package.json" with { type: "json" };

/** What package.json says of a setting; the manifest is the only place that knows defaults and bounds. */
interface Schema {
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly enum?: readonly string[];
  /** Every number has both bounds. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

const SCHEMAS: Readonly<Record<string, Schema>> = manifest.contributes.configuration.properties;

/** What package.json says of `foretype.NAME`; undefined where there is no such setting. */
export const declared = (name: string): Schema | undefined => SCHEMAS[`foretype.${name}`];

/** Whether a setting may have a value; of lists and tables each entry is judged by itself, elsewhere. */
export function fits(value: unknown, schema: Schema): boolean {
  return [schema.type].flat().some((type) => {
    switch (type) {
      case "boolean":
        return typeof value === "boolean";
      case "string":
        return (
          typeof value === "string" &&
          (schema.enum?.includes(value) ?? true) &&
          new RegExp(schema.pattern ?? "").test(value)
        );
      case "number":
      case "integer":
        return (
          Number.isFinite(value) &&
          (type === "number" || Number.isInteger(value)) &&
          (value as number) >= schema.minimum! &&
          (value as number) <= schema.maximum!
        );
      default:
        throw new Error(`no check for a setting of type ${type}`);
    }
  });
}

/** What a setting must be, in words, for a sentence. */
export function wanted(schema: Schema): string {
  const words = [schema.type].flat().map((type) => {
    switch (type) {
      case "boolean":
        return "true or false";
      case "string":
        if (schema.enum) return schema.enum.map((one) => `"${one}"`).join(" or ");
        return schema.pattern === undefined ? "a text" : JSON.stringify(schema.default);
      case "array":
        return "a list of texts";
      case "object":
        return "true or false for each language id";
      default:
        return `a ${type === "integer" ? "whole " : ""}number from ${schema.minimum} to ${schema.maximum}`;
    }
  });
  return words.join(" or ");
}
