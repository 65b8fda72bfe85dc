import type { Node } from "@vscode/tree-sitter-wasm";
import { kindOf } from "./written.ts";

/** What a parser knows of the names in a text. */
export interface Names {
  readonly at: (start: number, end: number) => NameFacts;
}

export interface NameFacts {
  readonly kind: "code" | "comment" | "string" | "markup";
  /** `shorthand` is a name that is two at once: `{ name }`. Undefined for what is no name. */
  readonly role: "variable" | "member" | "shorthand" | undefined;
  /** The name is declared here. */
  readonly declares: boolean;
  /** … by an import, which takes a name that another file has. */
  readonly isImport: boolean;
  /** The scopes around code that is no member, innermost first; of a variable that is declared here, from the one that it is for. */
  readonly scopes: readonly Scope[];
}

/** A piece of code in which declared names are known. */
export interface Scope {
  readonly start: number;
  readonly end: number;
}

const MEMBER = /^(?:private_)?property_identifier$|^field_identifier$/;
const SHORTHAND = /^shorthand_property_identifier(?:_pattern)?$/;
const NAME =
  /^(?:identifier|type_identifier|constant|namespace_identifier|package_identifier|variable_name|name)$/;

// `parent.field` of names that belong to an object or a call, where the grammar calls them identifiers all the same.
const MEMBER_FIELDS = new Set([
  "attribute.attribute",
  "keyword_argument.name",
  "field_access.field",
  "method_invocation.name",
  "method_declaration.name",
  "member_access_expression.name",
  "property_declaration.name",
  "member_call_expression.name",
  "enum_body.name",
]);

// Through these a name reaches the declaration that it is part of; with a field, through that alone.
const PATTERNS =
  /^(?:object_pattern|array_pattern|rest_pattern|pattern_list|tuple_pattern|list_pattern|list_splat_pattern|dictionary_splat_pattern|mut_pattern|ref_pattern|reference_pattern|slice_pattern|expression_list|pointer_declarator|reference_declarator|array_declarator|as_pattern_target|dotted_name)$/;
const PATTERN_FIELDS = new Set([
  "pair_pattern.value",
  "assignment_pattern.left",
  "object_assignment_pattern.left",
  "tuple_struct_pattern.",
]);

/** `parent.field` of a name that is declared; a field left out is a child without one. */
const DECLARES = new Set(
  [
    // TypeScript, JavaScript
    "variable_declarator.name function_declaration.name generator_function_declaration.name",
    "class_declaration.name abstract_class_declaration.name interface_declaration.name type_alias_declaration.name",
    "enum_declaration.name function_signature.name required_parameter.pattern optional_parameter.pattern",
    "formal_parameters. arrow_function.parameter catch_clause.parameter for_in_statement.left import_specifier.name",
    "import_specifier.alias import_clause. namespace_import. type_parameter.name function_expression.name class.name",
    // Python
    "assignment.left named_expression.name function_definition.name class_definition.name parameters.",
    "lambda_parameters. default_parameter.name typed_default_parameter.name typed_parameter. for_statement.left",
    "for_in_clause.left aliased_import.alias import_from_statement.name import_statement.name as_pattern.alias",
    // Go
    "short_var_declaration.left var_spec.name const_spec.name parameter_declaration.name type_spec.name",
    "variadic_parameter_declaration.name range_clause.left import_spec.name",
    // Rust
    "let_declaration.pattern parameter.pattern closure_parameters. for_expression.pattern match_pattern.",
    "function_item.name struct_item.name enum_item.name trait_item.name const_item.name static_item.name",
    "use_as_clause.alias let_condition.pattern",
    // Java, C#
    "formal_parameter.name enhanced_for_statement.name catch_formal_parameter.name lambda_expression.parameters",
    "inferred_parameters. record_declaration.name resource.name parameter.name foreach_statement.left",
    "catch_declaration.name local_function_statement.name struct_declaration.name",
    // C, C++
    "init_declarator.declarator parameter_declaration.declarator declaration.declarator for_range_loop.declarator",
    "function_declarator.declarator struct_specifier.name class_specifier.name enum_specifier.name preproc_def.name",
  ].flatMap((line) => line.split(" ")),
);

/** Parents of which a field is asked for. */
const WITH_FIELDS = new Set(
  [...MEMBER_FIELDS, ...PATTERN_FIELDS, ...DECLARES].map((place) => place.slice(0, place.indexOf("."))),
);

/** Declarations whose name belongs to the scope outside of what they declare. */
const NAMES_OUTSIDE =
  /^(?:function_declaration|generator_function_declaration|class_declaration|abstract_class_declaration|interface_declaration|type_alias_declaration|enum_declaration|function_signature|function_definition|class_definition|function_item|struct_item|enum_item|trait_item|function_declarator|struct_specifier|class_specifier|enum_specifier|record_declaration|struct_declaration|local_function_statement)$/;

const FUNCTION =
  /^(?:function_declaration|generator_function_declaration|function_expression|generator_function|arrow_function|method_definition|function_definition|lambda|lambda_expression|closure_expression|function_item|func_literal|method_declaration|constructor_declaration|local_function_statement|anonymous_function|anonymous_function_creation_expression)$/;
const COMPREHENSION =
  /^(?:list_comprehension|generator_expression|dictionary_comprehension|set_comprehension)$/;
const BLOCK =
  /^(?:statement_block|block|compound_statement|for_statement|for_in_statement|enhanced_for_statement|for_expression|foreach_statement|for_range_loop|catch_clause|class_body|declaration_list|field_declaration_list|class_declaration|interface_declaration|type_alias_declaration|match_arm|switch_body|if_statement)$/;
const FILE = /^(?:program|module|source_file|translation_unit|compilation_unit)$/;

/** Names whose grammar has no table here are told apart by kind alone. */
export const KNOWS_DECLARATIONS: ReadonlySet<string> = new Set([
  "typescript",
  "typescriptreact",
  "javascript",
  "javascriptreact",
  "python",
  "go",
  "rust",
  "java",
  "csharp",
  "c",
  "cpp",
]);

/** Reads one tree; good as long as the tree is. */
export function namesOf(root: Node, languageId: string): Names {
  // In Python a block is no scope: a name belongs to its function.
  const isScope = ({ type }: Node): boolean =>
    FUNCTION.test(type) ||
    COMPREHENSION.test(type) ||
    FILE.test(type) ||
    (languageId === "python" ? type === "class_definition" : BLOCK.test(type));

  function scopesOf(node: Node): Scope[] {
    const scopes: Scope[] = [];
    for (let up: Node | null = node; up; up = up.parent)
      if (isScope(up)) scopes.push({ start: up.startIndex, end: up.endIndex });
    return scopes;
  }

  return {
    at(start, end) {
      const node = root.descendantForIndex(start, Math.max(start, end - 1));
      if (!node) return { kind: "code", role: undefined, declares: false, isImport: false, scopes: [] };
      const kind = literalKind(node);
      const role =
        kind === "code" && node.startIndex === start && node.endIndex === end ? roleOf(node) : undefined;
      if (role === "member" || kind !== "code")
        return { kind, role, declares: false, isImport: false, scopes: [] };
      if (!role) return { kind, role, declares: false, isImport: false, scopes: scopesOf(node) };
      const declaration = declarationOf(node);
      if (!declaration) return { kind, role, declares: false, isImport: false, scopes: scopesOf(node) };
      const isImport = /^import_|namespace_import|use_as_clause/.test(declaration.type);
      return { kind, role, declares: true, isImport, scopes: scopesOf(home(declaration)) };
    },
  };

  /** Where to look for the scope that a declaration is of. */
  function home(declaration: Node): Node {
    if (NAMES_OUTSIDE.test(declaration.type)) return outside(declaration);
    // `var` is of the function, whatever block it is in.
    if (declaration.parent?.type !== "variable_declaration" || languageId === "csharp") return declaration;
    for (let up: Node | null = declaration; up; up = up.parent)
      if (FUNCTION.test(up.type) || FILE.test(up.type)) return up;
    return declaration;
  }
}

/** Of a function's declarator, what is outside of the function; else what the declaration is in. */
function outside(declaration: Node): Node {
  const whole =
    declaration.type === "function_declarator" && declaration.parent?.type === "function_definition"
      ? declaration.parent
      : declaration;
  return whole.parent ?? whole;
}

function literalKind(node: Node): NameFacts["kind"] {
  for (let up: Node | null = node; up; up = up.parent) {
    if (/^(?:template_substitution|interpolation)$/.test(up.type)) return "code";
    const kind = kindOf(up);
    if (kind) return kind;
  }
  return "code";
}

function roleOf(node: Node): NameFacts["role"] {
  if (MEMBER.test(node.type)) return "member";
  if (SHORTHAND.test(node.type) || node.parent?.type === "shorthand_field_initializer") return "shorthand";
  if (!NAME.test(node.type)) return undefined;
  return MEMBER_FIELDS.has(`${node.parent?.type}.${fieldOf(node)}`) ? "member" : "variable";
}

/** The node that declares a name, if it is declared here. */
function declarationOf(node: Node): Node | undefined {
  for (let up = node; up.parent; up = up.parent) {
    const { parent } = up;
    const place = `${parent.type}.${fieldOf(up)}`;
    if (DECLARES.has(place)) return parent;
    if (!PATTERNS.test(parent.type) && !PATTERN_FIELDS.has(place)) return undefined;
  }
  return undefined;
}

/** The field of its parent that a node is; empty where it has none, or where none of that parent's says anything. */
function fieldOf(node: Node): string {
  const { parent } = node;
  // A list of thousands is not looked through for each of its names.
  if (!parent || !WITH_FIELDS.has(parent.type)) return "";
  for (let index = 0; index < parent.childCount; index++) {
    const child = parent.child(index);
    if (child?.id === node.id) return parent.fieldNameForChild(index) ?? "";
  }
  return "";
}
