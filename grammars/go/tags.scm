; What the index reads from Go.

(comment) @doc

(function_declaration name: (_) @name body: (_)? @body) @definition.function
((function_declaration name: (_) @name) @definition.function @entry (#eq? @name "main"))
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @owner
    (pointer_type (type_identifier) @owner)
    (generic_type type: (_) @owner)
    (pointer_type (generic_type type: (_) @owner))]))
  name: (_) @name body: (_)? @body) @definition.method
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (_) @name type: (interface_type "{" @body)) @definition.interface
(type_spec name: (_) @name) @definition.typedef
(type_alias name: (_) @name) @definition.typedef
(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))
(interface_type (method_elem name: (_) @name) @definition.method)

(type_spec type: (struct_type (field_declaration_list (field_declaration) @member)))
(type_spec type: (interface_type (method_elem) @member))
(type_spec type: (interface_type (type_elem) @member))

(call_expression function: (identifier) @reference.call)
(call_expression function: (selector_expression operand: (_) @receiver field: (_) @name)) @reference.call
(call_expression function: (parenthesized_expression (identifier) @reference.call))
(composite_literal type: (type_identifier) @reference.name)
(composite_literal type: (qualified_type package: (_) @receiver name: (_) @name)) @reference.name
(argument_list (identifier) @reference.name)
(argument_list (selector_expression operand: (_) @receiver field: (_) @name) @reference.name)
(keyed_element (literal_element (identifier) @reference.name))
(assignment_statement right: (expression_list (identifier) @reference.name))
(return_statement (expression_list (identifier) @reference.name))
(field_declaration type: (type_identifier) @reference.name)
(parameter_declaration type: (type_identifier) @reference.name)
(pointer_type (type_identifier) @reference.name)
(slice_type (type_identifier) @reference.name)
(qualified_type package: (_) @receiver name: (_) @name) @reference.name
(type_elem (type_identifier) @reference.name)

(import_spec name: (package_identifier)? @alias path: (_) @target) @import
(import_spec (dot) @import.all)

(type_spec type: (struct_type (field_declaration_list (field_declaration name: (_) @name type: (_) @type) @field)))
(type_spec type: (struct_type (field_declaration_list (field_declaration !name type: (_) @type) @field)))
(interface_type (type_elem . (_) @type .) @field)
(parameter_declaration name: (_) @name type: (_) @type) @local
(var_spec name: (_) @name type: (_) @type) @local
(var_spec name: (_) @name !type value: (expression_list . (_) @value)) @local
(short_var_declaration left: (expression_list . (identifier) @name) right: (expression_list . (_) @value)) @local
(range_clause left: (expression_list (_) . (identifier) @name) right: (_) @element) @local

(ERROR) @error
(MISSING) @error
