; What the index reads from TypeScript beside what it shares with JavaScript.

(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @definition.function
(public_field_definition name: (_) @name value: (function_expression body: (_) @body)) @definition.function
(public_field_definition name: (_) @name) @definition.property
(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(type_alias_declaration name: (_) @name) @definition.typedef
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(enum_body (property_identifier) @definition.enumerator)
(enum_assignment name: (_) @name) @definition.enumerator
(internal_module name: (_) @name body: (_) @body) @definition.module
(module name: (identifier) @name body: (_) @body) @definition.module
(abstract_method_signature name: (_) @name) @definition.method
(interface_body (method_signature name: (_) @name) @definition.method)
(function_signature name: (_) @name) @definition.function
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(program (export_statement (ambient_declaration
  (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))))
(interface_body (property_signature) @member)
(interface_body (method_signature) @member)
(enum_body (_) @member)
(extends_clause value: (_) @base)
(implements_clause (type_identifier) @base)
(implements_clause (nested_type_identifier) @base)
(implements_clause (generic_type name: (_) @base))
(extends_type_clause type: (type_identifier) @base)
(extends_type_clause type: (generic_type name: (_) @base))
(type_annotation (type_identifier) @reference.name)
(type_annotation (generic_type name: (type_identifier) @reference.name))
(type_arguments (type_identifier) @reference.name)
(union_type (type_identifier) @reference.name)
(array_type (type_identifier) @reference.name)
(import_require_clause (identifier) @alias source: (string) @target) @import
(public_field_definition name: (_) @name type: (type_annotation (_) @type)) @field
(public_field_definition name: (_) @name !type value: (new_expression) @value) @field
(property_signature name: (_) @name type: (type_annotation (_) @type)) @field
(required_parameter (accessibility_modifier) pattern: (identifier) @name type: (type_annotation (_) @type)) @field
(required_parameter pattern: (identifier) @name type: (type_annotation (_) @type)) @local
(optional_parameter pattern: (identifier) @name type: (type_annotation (_) @type)) @local
(variable_declarator name: (identifier) @name type: (type_annotation (_) @type)) @local
