; What the index reads from Java.

(line_comment) @doc
(block_comment) @doc
(marker_annotation) @decoration
(annotation) @decoration

(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(enum_constant name: (_) @name) @definition.enumerator
((method_declaration (modifiers) @_modifiers name: (_) @name body: (_) @body) @definition.method @entry
  (#eq? @name "main") (#match? @_modifiers "static"))
(method_declaration name: (_) @name body: (_)? @body) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.method
(compact_constructor_declaration name: (_) @name body: (_) @body) @definition.method
(annotation_type_element_declaration name: (_) @name) @definition.method
((field_declaration (modifiers) @_modifiers declarator: (variable_declarator name: (_) @name)) @definition.constant
  (#match? @_modifiers "final"))
(field_declaration declarator: (variable_declarator name: (_) @name)) @definition.property
(constant_declaration declarator: (variable_declarator name: (_) @name)) @definition.constant

(superclass (type_identifier) @base)
(superclass (scoped_type_identifier) @base)
(superclass (generic_type . (_) @base))
(type_list (type_identifier) @base)
(type_list (scoped_type_identifier) @base)
(type_list (generic_type . (_) @base))
(enum_constant) @member
(interface_body (method_declaration) @member)

(method_invocation !object name: (_) @name) @reference.call
(method_invocation object: (_) @receiver name: (_) @name) @reference.call
(object_creation_expression type: (type_identifier) @reference.call)
(object_creation_expression type: (generic_type . (type_identifier) @reference.call))
(object_creation_expression type: (scoped_type_identifier) @reference.call)
(method_reference . (_) @receiver (identifier) @name .) @reference.name
(field_declaration type: (type_identifier) @reference.name)
(formal_parameter type: (type_identifier) @reference.name)
(method_declaration type: (type_identifier) @reference.name)
(local_variable_declaration type: (type_identifier) @reference.name)
(generic_type . (type_identifier) @reference.name)
(type_arguments (type_identifier) @reference.name)
(marker_annotation name: (identifier) @reference.name)
(annotation name: (identifier) @reference.name)
(throws (type_identifier) @reference.name)

; Names of the own package are seen without an import, as if all of them were imported.
(package_declaration [(identifier) (scoped_identifier)] @target) @import
(package_declaration) @import.all
(import_declaration [(identifier) (scoped_identifier)] @target) @import
(import_declaration (asterisk) @import.all)

(field_declaration type: (_) @type declarator: (variable_declarator name: (_) @name)) @field
(formal_parameter type: (_) @type name: (_) @name) @local
(local_variable_declaration type: (_) @type declarator: (variable_declarator name: (_) @name value: (_)? @value)) @local
(enhanced_for_statement type: (_) @type name: (_) @name value: (_) @element) @local
(resource type: (_) @type name: (_) @name value: (_) @value) @local

(ERROR) @error
(MISSING) @error
