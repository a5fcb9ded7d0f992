; What the index reads from Rust.

(line_comment) @doc
(block_comment) @doc
(attribute_item) @decoration

(function_item name: (_) @name body: (_) @body) @definition.function
((source_file (function_item name: (_) @name) @definition.function @entry) (#eq? @name "main"))
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name body: (field_declaration_list) @body) @definition.struct
(struct_item name: (_) @name) @definition.struct
(union_item name: (_) @name body: (_) @body) @definition.union
(enum_item name: (_) @name body: (_) @body) @definition.enum
(enum_variant name: (_) @name) @definition.enumerator
(trait_item name: (_) @name body: (_) @body) @definition.trait
(type_item name: (_) @name) @definition.typedef
(associated_type name: (_) @name) @definition.typedef
(const_item name: (_) @name) @definition.constant
(static_item name: (_) @name) @definition.variable
(mod_item name: (_) @name body: (_) @body) @definition.module
(macro_definition name: (_) @name) @definition.macro
(impl_item type: [
  (type_identifier) @name
  (generic_type type: (_) @name)
  (scoped_type_identifier name: (_) @name)
  (reference_type type: (type_identifier) @name)
  (primitive_type) @name]) @scope

(struct_item body: (field_declaration_list (field_declaration) @member))
(union_item body: (field_declaration_list (field_declaration) @member))
(enum_variant_list (enum_variant) @member)
(trait_item bounds: (trait_bounds (type_identifier) @base))
(impl_item trait: [
  (type_identifier) @base
  (scoped_type_identifier) @base
  (generic_type type: (_) @base)])

(call_expression function: (identifier) @reference.call)
(call_expression function: (scoped_identifier) @reference.call)
(call_expression function: (generic_function function: (identifier) @reference.call))
(call_expression function: (generic_function function: (scoped_identifier) @reference.call))
(call_expression function: (field_expression value: (_) @receiver field: (field_identifier) @name)) @reference.call
(call_expression function: (generic_function
  function: (field_expression value: (_) @receiver field: (field_identifier) @name))) @reference.call
(macro_invocation macro: (_) @reference.call)
(token_tree (identifier) @reference.loose . (token_tree))
(struct_expression name: (type_identifier) @reference.name)
(struct_expression name: (scoped_type_identifier) @reference.name)
(arguments (identifier) @reference.name)
(arguments (scoped_identifier) @reference.name)
(field_initializer value: (identifier) @reference.name)
(field_initializer value: (scoped_identifier) @reference.name)
(parameter type: (type_identifier) @reference.name)
(field_declaration type: (type_identifier) @reference.name)
(function_item return_type: (type_identifier) @reference.name)
(reference_type type: (type_identifier) @reference.name)
(generic_type type: (type_identifier) @reference.name)
(type_arguments (type_identifier) @reference.name)
(match_pattern (scoped_identifier) @reference.name)

(use_declaration argument: [(identifier) (scoped_identifier) (crate)] @target) @import
(use_declaration argument: (use_as_clause path: (_) @target alias: (_) @alias)) @import
(use_declaration argument: (use_wildcard (_) @target)) @import
(use_list [(identifier) (scoped_identifier)] @target @import)
(use_list (self) @import.here)
(use_list (use_as_clause path: (_) @target alias: (_) @alias) @import)
(use_list (use_wildcard (_)? @target) @import)
(use_wildcard) @import.all
(scoped_use_list path: (_) @target) @import.within
(mod_item name: (_) @target !body) @import
(extern_crate_declaration name: (_) @target alias: (_)? @alias) @import

(field_declaration name: (_) @name type: (_) @type) @field
(parameter pattern: (identifier) @name type: (_) @type) @local
(let_declaration pattern: (identifier) @name type: (_) @type) @local
(let_declaration pattern: (identifier) @name !type value: (_) @value) @local
(let_condition pattern: (tuple_struct_pattern type: (_) . (identifier) @name .) value: (_) @value) @local
(for_expression pattern: (identifier) @name value: (_) @element) @local

(ERROR) @error
(MISSING) @error
