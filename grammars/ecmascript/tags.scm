; What the index reads from JavaScript and TypeScript alike; both use it before their own.
(comment) @doc
(decorator) @decoration

(program (function_declaration name: (_) @name body: (_) @body) @definition.function)
(function_declaration name: (_) @name body: (_) @body) @definition.function
(generator_function_declaration name: (_) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(variable_declarator name: (identifier) @name value: (arrow_function body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (function_expression body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (generator_function body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @definition.class
(method_definition name: (_) @name body: (_) @body) @definition.function
(pair key: (property_identifier) @name value: (arrow_function body: (_) @body)) @definition.function
(pair key: (property_identifier) @name value: (function_expression body: (_) @body)) @definition.function
(arguments (function_expression name: (identifier) @name body: (_) @body) @definition.function)

(assignment_expression
  left: (member_expression object: (_) @_exports property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body) (class body: (_) @body)]
  (#match? @_exports "^(module\\.)?exports$")) @definition.function @public
(assignment_expression
  left: (member_expression
    object: (member_expression object: (_) @owner property: (property_identifier) @_prototype)
    property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body)]
  (#eq? @_prototype "prototype")) @definition.function
(assignment_expression
  left: (member_expression object: (identifier) @owner property: (property_identifier) @name)
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body)]
  (#not-match? @owner "^(exports|module)$")) @definition.function

(program (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))
(program (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)))

(export_statement !source (export_clause (export_specifier name: (_) @public.name)))
(export_statement value: (identifier) @public.name)
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (identifier) @public.name
  (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (object (shorthand_property_identifier) @public.name)
  (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (object (pair value: (identifier) @public.name))
  (#eq? @_module "module") (#eq? @_exports "exports"))

((call_expression function: (identifier) @reference.call) (#not-eq? @reference.call "require"))
(call_expression function: (member_expression object: (_) @receiver property: (_) @name)) @reference.call
(new_expression constructor: (identifier) @reference.call)
(new_expression constructor: (member_expression object: (_) @receiver property: (_) @name)) @reference.call
(arguments (identifier) @reference.name)
(pair value: (identifier) @reference.name)
(array (identifier) @reference.name)
(object (shorthand_property_identifier) @reference.name)
(return_statement (identifier) @reference.name)
(variable_declarator value: (identifier) @reference.name)
(assignment_expression right: (identifier) @reference.name)
(arrow_function body: (identifier) @reference.name)
(decorator (identifier) @reference.name)
(decorator (call_expression function: (identifier) @reference.name))

(import_statement source: (string) @target) @import
(import_clause (identifier) @alias) @import.default
(namespace_import (identifier) @alias) @import.name
(import_specifier name: (_) @name alias: (_)? @alias) @import.name
(export_statement source: (string) @target) @import
(export_statement "*" source: (_)) @import.all
(export_statement (export_clause (export_specifier name: (_) @name alias: (_)? @alias) @import.name) source: (_))
(export_statement (namespace_export (_) @alias) @import.name source: (_))
(call_expression function: (import) arguments: (arguments . (string) @target)) @import
(call_expression function: (identifier) @_require arguments: (arguments . (string) @target)
  (#eq? @_require "require")) @import
(variable_declarator name: (identifier) @alias
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @target))
  (#eq? @_require "require")) @import
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string)))
  (#eq? @_require "require"))
(variable_declarator
  name: (object_pattern (pair_pattern key: (_) @name value: (identifier) @alias) @import.name)
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string)))
  (#eq? @_require "require"))
(variable_declarator name: (object_pattern)
  value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @target))
  (#eq? @_require "require")) @import
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (call_expression function: (identifier) @import.all arguments: (arguments . (string)))
  (#eq? @_module "module") (#eq? @_exports "exports") (#eq? @import.all "require"))

(ERROR) @error
(MISSING) @error
(assignment_expression left: (member_expression object: (this) property: (_) @name) right: (new_expression) @value) @field
(variable_declarator name: (identifier) @name value: [
  (new_expression) (call_expression) (member_expression) (await_expression) (this)] @value) @local
